// The rows of the grid that are in sight, as elements: where each stands, and which tile Tab reaches.

import { make } from "./elements.js";
import { Rows } from "./gallery_rows.js";
import { Sight } from "./gallery_sight.js";
import { mark, shows, tile, unread } from "./gallery_tile.js";

const GAP = 6;
const SQUARE = 64; // the shape of a square, see gallery_rows.js
const NEAR = 240; // pixels beyond the window that are drawn already
const FAR = 600; // the same for somebody who scrolls

export class Wall {
  #current = 0;

  // `of`: { data(), shelf(), picked(id), square(), painted(from, to) }
  constructor(area, of) {
    Object.assign(this, { area, of });
    this.rows = null;
    this.drawn = new Map(); // row → element
    this.top = 0; // where the window stood when the rows in sight were drawn: to measure again is slow
    this.beyond = NEAR;
    this.entering = new Set(); // ids that slide in
    const { words } = of.data();
    this.grid = make("div", "grid", "", { role: "grid", "aria-label": words.gallery, "aria-multiselectable": "true" });
    this.grid.addEventListener("focusin", (event) => this.#focused(event));
    area.append(this.grid);
    this.sight = new Sight(area, this.grid);
  }

  // The tile that Tab reaches.
  get current() {
    return this.#current;
  }

  set current(index) {
    if (index === this.#current) return;
    this.#current = index;
    for (const node of this.drawn.values()) this.tabbing(node);
  }

  get active() {
    return this.area.getRootNode().activeElement;
  }

  get focused() {
    return this.grid.contains(this.active);
  }

  // Place everything; what is in sight stays where it is.
  arrange() {
    const width = this.area.clientWidth, shelf = this.of.shelf();
    if (!width) return;
    const before = this.rows, anchor = before && this.#anchor(), focused = this.focused;
    const target = width < 520 ? width * 0.46 : Math.min(250, Math.max(180, width / 6));
    const shapeAt = this.of.square() ? () => SQUARE : shelf.shapeAt;
    this.rows = new Rows(shelf.total, shapeAt, width, target, GAP);
    this.grid.style.height = `${Math.max(0, this.rows.height - GAP)}px`;
    this.grid.setAttribute("aria-rowcount", this.rows.length);
    for (const [row, node] of this.drawn) // what is still true stays: drawn again, its pictures would load again
      if (!this.rows.like(before, row) || !shows(node, shelf)) this.#erase(row);
    this.grid.hidden = shelf.total === 0;
    this.current = Math.min(this.current, Math.max(0, shelf.total - 1));
    if (anchor) this.#hold(anchor);
    this.paint();
    if (focused && !this.focused && shelf.total) this.focus(this.current);
  }

  moved() {
    this.beyond = FAR;
    this.paint();
  }

  paint() {
    if (!this.rows?.length) return;
    const { top, height } = this.sight.now();
    this.top = top;
    const first = this.rows.at(top - this.beyond), last = this.rows.at(top + height + this.beyond);
    const held = this.rows.of(this.current); // stays while it has the focus, or the keyboard would lose its place
    for (const [row, node] of this.drawn)
      if ((row < first || row > last) && !(row === held && node.contains(this.active))) this.#erase(row);
    for (let row = first; row <= last; row++) if (!this.drawn.has(row)) this.#draw(row);
    this.#reachable(first, last, top);
    if (top + height > 0) this.of.painted(this.rows.starts[first], this.rows.end(last) - 1);
  }

  // Rows that were drawn before their images were known.
  redraw() {
    for (const [row, node] of this.drawn) {
      const known = [...node.querySelectorAll(".unread")].some((cell) => this.of.shelf().at(Number(cell.dataset.index)));
      if (!known) continue;
      const focus = node.contains(this.active);
      this.#erase(row);
      this.#draw(row);
      if (focus) this.focus(this.current);
    }
  }

  // What is known of the images that are drawn has changed: stars, choices, picks.
  remark() {
    for (const cell of this.cells()) {
      const item = this.of.shelf().at(Number(cell.dataset.index));
      if (item) mark(cell, item, this.of.picked(item.id), this.of.data());
    }
  }

  // Draw everything again.
  anew() {
    for (const row of [...this.drawn.keys()]) this.#erase(row);
    this.rows = null;
    this.arrange();
  }

  cells() {
    return this.grid.querySelectorAll(".tile:not(.unread)");
  }

  cell(index) {
    return this.drawn.get(this.rows.of(index))?.querySelector(`[data-index="${index}"]`);
  }

  focus(index) {
    const cell = this.show(index);
    (cell?.querySelector("a") ?? cell)?.focus({ preventScroll: true });
  }

  // Bring a tile into sight and within reach of Tab.
  show(index) {
    const row = this.rows.of(index), { top, height } = this.sight.now(), margin = row ? 72 : 1000; // what sticks to the top
    const upper = this.rows.tops[row] - margin, lower = this.rows.tops[row] + this.rows.heights[row] + GAP;
    this.current = index;
    if (upper < top) this.sight.by(upper - top);
    else if (lower > top + height) this.sight.by(lower - top - height);
    this.paint();
    return this.cell(index);
  }

  // Scroll to a tile as if it were the first.
  go(index) {
    this.current = index;
    this.sight.by(this.rows.tops[this.rows.of(index)] - 72 - this.sight.now().top);
    this.paint();
  }

  // The place of the first row in sight.
  get first() {
    return this.rows?.length ? this.rows.starts[this.rows.at(this.top + 40)] : null;
  }

  // Exactly one tile in sight can be reached by Tab.
  tabbing(node) {
    for (const cell of node.children)
      for (const part of cell.querySelectorAll("a, button"))
        part.tabIndex = Number(cell.dataset.index) === this.current ? 0 : -1;
  }

  #reachable(first, last, top) {
    const row = this.rows.of(this.current);
    if ((row < first || row > last) && !this.focused) this.current = this.rows.starts[this.rows.at(Math.max(0, top))];
  }

  #focused(event) {
    const cell = event.target.closest("[role=gridcell]");
    if (cell) this.current = Number(cell.dataset.index);
  }

  #erase(row) {
    this.drawn.get(row).remove();
    this.drawn.delete(row);
  }

  #draw(row) {
    const node = make("div", "row", "", { role: "row", "aria-rowindex": row + 1 });
    node.style.transform = `translateY(${this.rows.tops[row]}px)`;
    node.style.height = `${this.rows.heights[row]}px`;
    for (const place of this.rows.places(row)) node.append(this.#cell(place, this.rows.heights[row]));
    this.drawn.set(row, node);
    const after = [...this.drawn.keys()].filter((other) => other > row).sort((a, b) => a - b)[0];
    this.grid.insertBefore(node, after === undefined ? null : this.drawn.get(after));
    this.tabbing(node);
  }

  #cell(place, height) {
    const item = this.of.shelf().at(place.index), data = this.of.data();
    if (!item) return unread(place, data);
    const cell = tile(item, place, height, data);
    mark(cell, item, this.of.picked(item.id), data);
    if (this.entering.has(item.id)) cell.classList.add("entering");
    return cell;
  }

  // The first image in sight and where it stands, so that what comes in front of it does not move it.
  #anchor() {
    const { top } = this.sight.now();
    if (top < 8 || !this.rows.length) return null;
    const row = this.rows.at(top), id = this.drawn.get(row)?.firstElementChild.dataset.id;
    return id ? { id, offset: this.rows.tops[row] - top } : null;
  }

  #hold({ id, offset }) {
    const index = this.of.shelf().indexOf(id);
    if (index < 0) return;
    this.sight.by(this.rows.tops[this.rows.of(index)] - offset - this.sight.now().top);
  }
}
