// The gallery: justified rows of which only those in sight exist as elements, however many images there are.
// Opens the lightbox through document events (see lightbox.js); asks Streamlit only for actions.
import { make } from "./elements.js";
import { Around } from "./gallery_around.js";
import { Bars } from "./gallery_bar.js";
import { destination } from "./gallery_keys.js";
import { listen } from "./gallery_news.js";
import { Rows } from "./gallery_rows.js";
import { Shelf } from "./gallery_shelf.js";
import { Sight } from "./gallery_sight.js";
import { loaded, shows, tile, unread } from "./gallery_tile.js";
import { enlarge } from "./lightbox_open.js";

const GAP = 6;
const BEYOND = 240; // pixels beyond the window that are drawn already
const AHEAD = 600; // the same for somebody who scrolls
const CALM = 70; // ms without movement before rows are asked for: who drags the scrollbar passes by most of them
const AGAIN = 5000; // ms between two looks at a gallery that is found to be another one
const views = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const view = views.get(parentElement) ?? new Gallery(component);
  views.set(parentElement, view);
  view.update(component);
  return () => {
    // Called too when new data overtakes a call, while the component stays on the page.
    if (!parentElement.isConnected && views.delete(parentElement)) view.leave();
  };
}

class Gallery {
  constructor({ parentElement, data }) {
    this.root = parentElement;
    this.data = data;
    this.shelf = new Shelf(data.first);
    this.rows = null;
    this.drawn = new Map(); // row → element
    this.current = 0; // the tile that Tab reaches
    this.beyond = BEYOND;
    this.build();
    this.leaving = new AbortController();
    const hear = (event, then) => document.addEventListener(event, then, { capture: true, signal: this.leaving.signal });
    hear("scroll", () => this.moved());
    hear("studio:ready", () => this.offer());
    hear("studio:shown", ({ detail }) => this.at(detail.id, (index) => (this.current = index)));
    hear("studio:closed", ({ detail }) => this.at(detail.id, (index) => this.focus(index)));
    hear("visibilitychange", () => document.hidden || this.measure());
    new ResizeObserver(() => this.area.clientWidth !== this.rows?.width && this.arrange()).observe(this.area);
    this.offer();
  }

  update({ data, setTriggerValue }) {
    this.tell = setTriggerValue;
    this.around.data = data;
    const changed = data !== this.data && JSON.stringify(data) !== JSON.stringify(this.data);
    this.data = data;
    this.begun ??= this.begin();
    if (changed) this.news();
  }

  leave() {
    this.leaving.abort();
    this.silence?.();
  }

  build() {
    this.area = make("div", "area");
    this.grid = make("div", "grid", "", { role: "grid", "aria-label": this.data.words.gallery });
    this.grid.onkeydown = (event) => this.key(event);
    this.grid.onclick = (event) => this.clicked(event);
    this.grid.addEventListener("focusin", (event) => this.focused(event));
    const item = (cell) => this.shelf.at(Number(cell.dataset.index));
    this.bars = new Bars(this.grid, () => this.data, item, (cell) => this.tabbing(cell.parentElement));
    this.area.append(this.grid);
    this.sight = new Sight(this.area, this.grid);
    this.around = new Around(this.root, this.area, this.data, {
      create: () => this.tell("action", { act: "create" }),
      welcome: () => this.welcome(true),
    });
  }

  // First what is in sight; what else there is and what is new may come a moment later.
  async begin() {
    this.arrange();
    await loaded(this.grid);
    if (this.leaving.signal.aborted) return;
    this.silence = listen(() => this.news(), () => this.measure());
    this.measure();
  }

  arrange() {
    const width = this.area.clientWidth;
    if (!width) return;
    const before = this.rows, anchor = before && this.anchor();
    const target = width < 520 ? width * 0.46 : Math.min(250, Math.max(180, width / 6));
    this.rows = new Rows(this.shelf.total, this.shelf.shapeAt, width, target, GAP);
    this.grid.style.height = `${Math.max(0, this.rows.height - GAP)}px`;
    this.grid.setAttribute("aria-rowcount", this.rows.length);
    for (const [row, node] of this.drawn) // what is still true stays: drawn again, its pictures would load again
      if (!this.rows.like(before, row) || !shows(node, this.shelf)) this.erase(row);
    this.grid.hidden = this.shelf.total === 0;
    this.around.count(this.shelf.complete ? this.shelf.total : null);
    if (anchor) this.hold(anchor);
    this.paint();
  }

  erase(row) {
    this.drawn.get(row).remove();
    this.drawn.delete(row);
  }

  // The first image in sight and where it stands, so that what comes in front of it does not move it.
  anchor() {
    const { top } = this.sight.now();
    if (top < 8 || !this.rows.length) return null;
    const row = this.rows.at(top), item = this.shelf.at(this.rows.starts[row]);
    return item && { id: item.id, offset: this.rows.tops[row] - top };
  }

  hold({ id, offset }) {
    const index = this.shelf.indexOf(id);
    if (index < 0) return;
    this.sight.by(this.rows.tops[this.rows.of(index)] - offset - this.sight.now().top);
  }

  moved() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.beyond = AHEAD;
      this.paint();
      this.say();
    });
  }

  paint() {
    if (!this.rows?.length) return;
    const { top, height } = this.sight.now();
    const first = this.rows.at(top - this.beyond), last = this.rows.at(top + height + this.beyond);
    const held = this.rows.of(this.current); // stays while it has the focus, or the keyboard would lose its place
    for (const [row, node] of this.drawn)
      if ((row < first || row > last) && !(row === held && node.contains(this.root.activeElement))) this.erase(row);
    for (let row = first; row <= last; row++) if (!this.drawn.has(row)) this.draw(row);
    this.reachable(first, last, top);
    if (top + height > 0) this.ask(this.rows.starts[first], this.rows.end(last) - 1);
  }

  draw(row) {
    const node = make("div", "row", "", { role: "row", "aria-rowindex": row + 1 });
    node.style.transform = `translateY(${this.rows.tops[row]}px)`;
    node.style.height = `${this.rows.heights[row]}px`;
    for (const place of this.rows.places(row)) {
      const item = this.shelf.at(place.index);
      const cell = item ? tile(item, place, this.rows.heights[row], this.data) : unread(place, this.data);
      if (item && this.entering?.has(item.id)) cell.classList.add("entering");
      node.append(cell);
    }
    this.drawn.set(row, node);
    const after = [...this.drawn.keys()].filter((other) => other > row).sort((a, b) => a - b)[0];
    this.grid.insertBefore(node, after === undefined ? null : this.drawn.get(after));
    this.tabbing(node);
  }

  // Rows that were drawn before their images were known.
  redraw() {
    for (const [row, node] of this.drawn) {
      const known = [...node.querySelectorAll(".unread")].some((cell) => this.shelf.at(Number(cell.dataset.index)));
      if (!known) continue;
      const focus = node.contains(this.root.activeElement);
      this.erase(row);
      this.draw(row);
      if (focus) this.focus(this.current);
    }
    this.say();
  }

  // Exactly one tile in sight can be reached by Tab.
  reachable(first, last, top) {
    const row = this.rows.of(this.current);
    if ((row < first || row > last) && !this.grid.contains(this.root.activeElement))
      this.current = this.rows.starts[this.rows.at(Math.max(0, top))];
    for (const node of this.drawn.values()) this.tabbing(node);
  }

  tabbing(node) {
    for (const cell of node.children)
      for (const part of cell.querySelectorAll("a, button"))
        part.tabIndex = Number(cell.dataset.index) === this.current ? 0 : -1;
  }

  ask(from, to) {
    clearTimeout(this.calm);
    this.calm = setTimeout(() => {
      const good = () => (this.around.well(), this.redraw());
      if (this.shelf.want(from, to, good, () => this.around.fail(() => this.ask(from, to)))) return;
      if (Date.now() - (this.measured ?? 0) > AGAIN) this.measure();
    }, this.drawn.size && this.shelf.at(from) && this.shelf.at(to) ? 0 : CALM);
  }

  say() {
    const { top } = this.sight.now();
    const at = this.rows?.length ? this.shelf.about(this.rows.starts[this.rows.at(top + 40)]) : null;
    this.around.when(at, top > 40);
    if (top < 8 && this.newer?.length) this.welcome(false);
  }

  async measure() {
    this.measured = Date.now();
    try {
      if (await this.shelf.measure()) this.arrange();
      this.offer();
      this.newer = [];
      this.around.newer(0);
      this.around.well();
    } catch {
      this.around.fail(() => this.measure());
    }
  }

  async news() {
    try {
      this.newer = await this.shelf.fresh();
    } catch {
      return; // the socket or the next visit tells it again
    }
    if (this.newer === null) return this.measure();
    if (this.newer.length && this.sight.now().top < 8) return this.welcome(false);
    this.around.newer(this.newer.length);
  }

  // Put what is new in front; `up` also goes there.
  welcome(up) {
    const items = this.newer ?? [];
    this.newer = [];
    this.around.newer(0);
    this.shelf.prepend(items);
    this.current += items.length;
    this.entering = new Set(items.map((item) => item.id));
    this.arrange();
    if (up) this.sight.up();
    setTimeout(() => (this.entering = null), 1000);
    this.offer();
  }

  // What the lightbox walks along.
  offer() {
    document.dispatchEvent(new CustomEvent("studio:order", { detail: this.shelf }));
  }

  open(index) {
    const item = this.shelf.at(index);
    if (!item) return;
    this.current = index;
    enlarge(item, this.shelf);
  }

  // The lightbox went on to this image, or was closed at it.
  at(id, then) {
    const index = this.shelf.indexOf(id);
    if (index >= 0) then(index);
  }

  clicked(event) {
    const cell = event.target.closest("[role=gridcell]"), act = event.target.closest("[data-act]")?.dataset.act;
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!cell || !act || act === "download" || elsewhere) return;
    event.preventDefault();
    const index = Number(cell.dataset.index);
    if (act === "open") this.open(index);
    else this.tell("action", { act, id: this.shelf.at(index).id });
  }

  focused(event) {
    const cell = event.target.closest("[role=gridcell]");
    if (!cell || Number(cell.dataset.index) === this.current) return;
    this.current = Number(cell.dataset.index);
    for (const node of this.drawn.values()) this.tabbing(node);
  }

  key(event) {
    if (event.metaKey || event.altKey || !this.rows.length) return;
    const { rows, current, shelf: { total } } = this;
    const to = destination(event.key, { rows, total, current, height: this.sight.now().height });
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus(to);
  }

  focus(index) {
    const row = this.rows.of(index), { top, height } = this.sight.now(), margin = row ? 72 : 1000; // what sticks to the top
    const upper = this.rows.tops[row] - margin, lower = this.rows.tops[row] + this.rows.heights[row] + GAP;
    this.current = index;
    if (upper < top) this.sight.by(upper - top);
    else if (lower > top + height) this.sight.by(lower - top - height);
    this.paint();
    const cell = this.drawn.get(row)?.querySelector(`[data-index="${index}"]`);
    (cell?.querySelector("a") ?? cell)?.focus({ preventScroll: true });
  }
}
