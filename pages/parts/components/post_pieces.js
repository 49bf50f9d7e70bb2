// What the parts of a post's page are drawn with.

import { make } from "./elements.js";

const PATHS = {
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M7 7l10 10M17 7L7 17",
  star: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM8.5 12.2l2.4 2.4 4.6-5",
  open: "M15 4h5v5M20 4l-7 7M9 20H4v-5M4 20l7-7",
  create: "M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9zM19 16l.8 2.2L22 19l-2.2.8L19 22l-.8-2.2L16 19l2.2-.8z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  kit: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
};

export function icon(name) {
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="1.8"' +
    ` stroke-linecap="round" stroke-linejoin="round"><path d="${PATHS[name]}"/></svg>`;
  const node = make("span", "icon", "", { "aria-hidden": "true" });
  node.style.setProperty("--icon", `url("data:image/svg+xml,${encodeURIComponent(drawing)}")`);
  return node;
}

export function button(className, text, onclick, iconName = "") {
  const node = make("button", className, "", { type: "button" });
  if (iconName) node.append(icon(iconName));
  if (text) node.append(make("span", "", text));
  node.onclick = onclick;
  return node;
}

export function link(className, text, href, iconName) {
  const node = make("a", className, "", { href });
  node.append(icon(iconName), make("span", "", text));
  return node;
}
