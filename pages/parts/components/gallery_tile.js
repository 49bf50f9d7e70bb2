// One picture of the grid: blurred at once, sharp when loaded, with its words and quick actions over it.

import { button, day, link, make, reducedMotion } from "./elements.js";

const NARROW = 150; // pixels below which a tile has no room for three buttons

export function tile(item, place, height, data) {
  const { words, locale } = data;
  const cell = frame("tile", place);
  cell.style.backgroundImage = `url("${item.placeholder}")`;
  const picture = make("a", "picture", "", {
    href: `?view=${item.id}`,
    "data-act": "open",
    title: item.text,
    "aria-label": [item.text, item.model, item.practice && words.practice, day(item.created_at, locale)]
      .filter(Boolean).join(". "),
  });
  picture.append(image(item, place, height, data));
  cell.append(picture);
  if (item.practice) cell.append(make("span", "badge", words.practice, { "aria-hidden": "true" }));
  cell.append(said(item, locale), actions(item, place, data));
  return cell;
}

// A place whose image is on its way.
export function unread(place, { words }) {
  const cell = frame("tile unread", place);
  cell.setAttribute("aria-label", words.loading);
  cell.tabIndex = -1;
  return cell;
}

function frame(className, { left, width }) {
  const cell = make("div", className, "", { role: "gridcell" });
  cell.style.left = `${left}px`;
  cell.style.width = `${width}px`;
  return cell;
}

function image(item, place, height, { media }) {
  const node = make("img", "", "", { alt: "", decoding: "async", draggable: "false" });
  const wide = (edge) => Math.round(edge * Math.max(1, item.width / item.height)); // thumbnails go by the short edge
  node.width = place.width;
  node.height = height;
  node.sizes = `${place.width}px`;
  node.onload = () => node.classList.add("there");
  node.onerror = () => node.closest(".tile")?.classList.add("missing");
  node.srcset = `${media}${item.id}/256 ${wide(256)}w, ${media}${item.id}/512 ${wide(512)}w`;
  node.src = `${media}${item.id}/256`;
  if (node.complete && node.naturalWidth) node.classList.add("there", "at-once");
  if (reducedMotion()) node.classList.add("at-once");
  return node;
}

function said(item, locale) {
  const words = make("div", "said", "", { "aria-hidden": "true" });
  words.append(make("span", "text", item.text), make("time", "", day(item.created_at, locale)));
  return words;
}

function actions(item, place, { words, media }) {
  const bar = make("div", "actions");
  const open = button("act", "open", words.open);
  open.dataset.act = "open";
  const create = button("act", "create", words.create);
  create.dataset.act = "create";
  const download = link("act", "download", words.download);
  download.href = `${media}${item.id}/download`;
  download.download = "";
  download.dataset.act = "download";
  bar.append(...(place.width < NARROW ? [create, download] : [open, create, download]));
  return bar;
}
