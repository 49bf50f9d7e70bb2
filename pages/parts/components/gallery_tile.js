// One picture of the grid: blurred at once, sharp when loaded. As few elements as it takes: there are many of them.

import { count, day, icon, make, reducedMotion } from "./elements.js";
import { starring } from "./gallery_bar.js";

const PATIENCE = 800; // ms

export function tile(item, place, height, data) {
  const { words, locale } = data;
  const cell = frame("tile", place);
  cell.dataset.id = item.id;
  cell.style.backgroundImage = `url("${item.placeholder}")`;
  const picture = make("a", "picture", "", {
    href: `?view=${item.id}`,
    "data-act": "open",
    title: item.text,
    "data-label": [item.text.replace(/[.\s]+$/, ""), item.model, item.practice && words.practice, day(item.created_at, locale)]
      .filter(Boolean).join(". "),
  });
  if (item.practice) picture.dataset.badge = words.practice;
  picture.append(image(item, place, height, data));
  cell.append(picture);
  return cell;
}

// What became of it: picked, starred, chosen for its post; how many it stands for; a note of its own.
export function mark(cell, item, picked, data) {
  const { words, locale } = data;
  cell.setAttribute("aria-selected", picked);
  starring(cell, item, data);
  const told = [item.starred && words.starred, item.selected && words.selected, item.pile > 1 && count(words, "pile", item.pile, locale), item.note];
  const picture = cell.querySelector(".picture");
  picture.setAttribute("aria-label", [picture.dataset.label, ...told].filter(Boolean).join(". "));
  cell.querySelector(".marks")?.remove();
  if (!told.some(Boolean)) return;
  const marks = make("div", "marks", "", { "aria-hidden": "true" });
  if (item.note) marks.append(make("span", "note", item.note));
  if (item.pile > 1) marks.append(make("span", "pile", item.pile.toLocaleString(locale)));
  if (item.selected) marks.append(icon("choose"));
  if (item.starred) marks.append(icon("starred"));
  cell.append(marks);
}

// A place whose image is on its way.
export function unread(place, { words }) {
  const cell = frame("tile unread", place);
  cell.setAttribute("aria-label", words.loading);
  cell.tabIndex = -1;
  return cell;
}

// Are the tiles of this row of the images that are there now?
export function shows(row, shelf) {
  return [...row.children].every((cell) => cell.dataset.id === shelf.at(Number(cell.dataset.index))?.id);
}

// Resolves when the pictures that are drawn have come, or have taken too long.
export function loaded(grid) {
  const coming = [...grid.querySelectorAll("img")].filter((node) => !node.complete);
  const come = (node) => new Promise((done) => ["load", "error"].forEach((how) => node.addEventListener(how, done)));
  return Promise.race([Promise.all(coming.map(come)), new Promise((done) => setTimeout(done, PATIENCE))]);
}

// Pictures that did not come are asked for again.
export function retry(grid) {
  for (const node of grid.querySelectorAll(".missing img")) {
    node.closest(".tile").classList.remove("missing");
    node.srcset = node.getAttribute("srcset");
  }
}

function frame(className, { index, left, width }) {
  const cell = make("div", className, "", { role: "gridcell" });
  cell.dataset.index = index;
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
