// The words and quick actions over a picture. Only the tile under the pointer and the one in focus carry them.

import { button, day, icon, link, make } from "./elements.js";

const EACH = 36; // pixels of a button and the gap beside it, as in gallery.css
const REST = 52; // pixels of a row that no button can take: the edges, and the place to pick the tile
const MOST = 3; // where there is room for one beside that place, the last so many stand below each other

export class Bars {
  // `itemOf(cell)` is the image of a tile, undefined while it is not known; `added(cell)` runs when one has got its bar.
  constructor(grid, data, itemOf, added) {
    Object.assign(this, { data, itemOf, added });
    grid.addEventListener("pointerover", (event) => event.pointerType === "touch" || this.#move("pointed", event.target));
    grid.addEventListener("pointerleave", () => this.#move("pointed", null));
    grid.addEventListener("focusin", (event) => this.#move("focused", event.target));
  }

  // The bar is a part of its tile, so that Tab goes on from a picture to its actions. It stays in the tile that had the
  // focus last, unseen, or a window that comes back to the front would not find the button that it had left.
  #move(which, target) {
    const cell = target?.closest(".tile") ?? null, before = this[which];
    if (before === cell) return;
    this[which] = cell;
    if (before !== this.pointed && before !== this.focused)
      for (const part of before?.querySelectorAll(".said, .actions, .pick") ?? []) part.remove();
    const item = cell && !cell.querySelector(".actions") && this.itemOf(cell);
    if (!item) return;
    cell.append(said(item, this.data()), actions(item, cell, this.data()), pick(this.data()));
    starring(cell, item, this.data());
    this.added(cell);
  }
}

// The button says whether there is a star already, so that the next press takes it away.
export function starring(cell, { starred }, { acts, words }) {
  const node = cell.querySelector("[data-act=star]");
  if (!node || node.getAttribute("aria-pressed") === String(starred)) return;
  node.setAttribute("aria-pressed", starred);
  node.title = starred ? words.unstar : acts.find(({ act }) => act === "star").label;
  node.replaceChildren(icon(starred ? "starred" : "star"));
}

function said(item, { locale }) {
  const words = make("div", "said", "", { "aria-hidden": "true" });
  words.append(make("span", "text", item.text), make("time", "", day(item.created_at, locale)));
  return words;
}

function pick({ words }) {
  const node = button("act pick", "check", words.pick);
  node.dataset.act = "pick";
  return node;
}

// What the screen offers for one image: buttons, and links to the file. Those that have no room beside the place to pick
// it stand in several rows, and below that place if there is no room for any.
function actions(item, cell, { acts, media }) {
  const bar = make("div", "actions"), one = acts.filter((act) => act.one && (item.mine || act.others)), width = parseFloat(cell.style.width);
  const beside = Math.floor((width - REST) / EACH), offered = beside < 2 ? one.slice(-MOST) : one, n = offered.length;
  if (beside < n) bar.style.maxWidth = `${EACH * Math.max(1, Math.min(beside, Math.ceil(n / 2)))}px`;
  bar.classList.toggle("rows", beside < n);
  bar.classList.toggle("below", beside < 1);
  for (const { act, icon: drawn, label } of offered) {
    const node = act === "download" ? link("act", drawn, label) : button("act", drawn, label);
    if (act === "download") Object.assign(node, { href: `${media}${item.id}/download`, download: "" });
    node.dataset.act = act;
    bar.append(node);
  }
  return bar;
}
