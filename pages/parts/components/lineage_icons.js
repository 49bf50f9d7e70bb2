// The map's buttons and their icons.

import { make } from "./elements.js";

const PATHS = {
  map: "M4 12h5M9 12c4 0 2-7 6-7h5M9 12c4 0 2 7 6 7h5M4 12m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0",
  open: "M15 4h5v5M20 4l-7 7M9 20H4v-5M4 20l7-7",
  next: "M4 12h15M13 6l6 6-6 6",
  back: "M20 12H5M11 6l-6 6 6 6",
  compare: "M12 3v18M4 6h5v12H4zM15 6h5v12h-5",
  conversation: "M4 5h16v11H9l-5 4z",
  fold: "M8 4l4 4 4-4M8 20l4-4 4 4M4 12h16",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  find: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L21 21",
};

// A button with an icon; the label is on screen too when `shown`, else for screen readers and as tooltip.
export function act(className, iconName, label, onclick, shown = false) {
  const node = make("button", className, "", { type: "button" });
  node.append(sign(iconName));
  if (shown) node.append(make("span", "", label));
  else Object.assign(node, { title: label, ariaLabel: label });
  node.onclick = onclick;
  return node;
}

// Its shape is a mask, its colour that of the words around it.
export function sign(name) {
  const node = make("span", "icon", "", { "aria-hidden": "true" });
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="1.8"' +
    ` stroke-linecap="round" stroke-linejoin="round"><path d="${PATHS[name]}"/></svg>`;
  node.style.setProperty("--icon", `url("data:image/svg+xml,${encodeURIComponent(drawing)}")`);
  return node;
}
