// The painter's tools as drawings.

import { make } from "./elements.js";

const PATHS = {
  mask: "M4 8V5a1 1 0 011-1h3M16 4h3a1 1 0 011 1v3M20 16v3a1 1 0 01-1 1h-3M8 20H5a1 1 0 01-1-1v-3M9 15c-1 .3-1.600 1.500-3 1.500 1 1.500 5 1.500 5-.8M10 13.500L16.500 7l1.500 1.500-6.500 6.500",
  brush: "M8.500 14.500c-2.500.3-2 3.500-5 4 1.500 2.300 8 2 7.500-1.800M9.500 13L18.300 4.200a1.060 1.060 0 011.500 1.500L11 14.500",
  erase: "M9 20l-5-5a1.400 1.400 0 010-2l8.500-8.500a1.400 1.400 0 012 0L20 10a1.400 1.400 0 010 2l-8 8zM20 20H9M8.500 8.500l7 7",
  box: "M4 7V5a1 1 0 011-1h2M11 4h2M17 4h2a1 1 0 011 1v2M20 11v2M20 17v2a1 1 0 01-1 1h-2M13 20h-2M7 20H5a1 1 0 01-1-1v-2M4 13v-2",
  undo: "M8 4L4 8l4 4M4 8h10a6 6 0 010 12H9",
  redo: "M16 4l4 4-4 4M20 8H10a6 6 0 000 12h5",
  invert: "M12 4a8 8 0 100 16zM12 4a8 8 0 010 16M12 8l4.500-2.500M12 12h8M12 16l4.500 2.500",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
};

export function icon(name) {
  const node = make("span", "icon", "", { "aria-hidden": "true" });
  node.style.setProperty("--icon", `url("data:image/svg+xml,${encodeURIComponent(drawing(PATHS[name]))}")`);
  return node;
}

const drawing = (path) =>
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="1.7"' +
  ` stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
