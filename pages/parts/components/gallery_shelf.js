// What the grid knows of what was found: the shape of all images, and the rows of those that were looked at.
// New images come in front of everything that was counted before, so pages keep their numbers.

import { rows } from "./elements.js";
import { shape } from "./gallery_rows.js";

const PAGE = 200; // as in core/tiles.py
export const MOST = 50 * PAGE; // ids at once, likewise
const MOST_PAGES = 40; // rows kept in memory; the shape of all images is kept anyway
const NEWS = 60;

export class Shelf {
  // `asked`: { source, q, revision } – the address of the rows, the line that says which are wanted, and which whole
  // the first ones are of.
  constructor(first, asked) {
    this.asked = asked;
    this.news = [];
    this.pages = new Map();
    this.places = new Map(); // id → number among those counted
    this.cursors = [null];
    this.dates = [];
    this.order = "";
    this.waiting = new Map(); // page → AbortController
    this.whole = new Set(); // pages of which there is no more to read
    this.failed = new Set(); // pages in sight that did not come
    this.facts = new Map(); // id → what was done with images whose rows may not be there
    this.turn = 0; // counts measures: only the latest counts
    this.state = 0; // counts what was forgotten: rows that were asked for before stand at other places now
    const items = unpack(first);
    this.shapes = Uint8Array.from(items, (item) => shape(item.width, item.height));
    this.complete = first.next === null;
    this.#put(0, items);
  }

  get total() {
    return this.news.length + this.shapes.length;
  }

  // Every image of the gallery, newest first: one that was not looked at can say its own place.
  get everything() {
    return !this.asked.q && this.asked.source === "/api/gallery";
  }

  shapeAt = (index) => {
    const n = this.news.length;
    return index < n ? shape(this.news[index].width, this.news[index].height) : this.shapes[index - n];
  };

  // The row at this place; undefined while it was not looked at.
  at(index) {
    const number = index - this.news.length;
    if (number < 0) return this.news[index];
    return this.pages.get(Math.floor(number / PAGE))?.[number % PAGE];
  }

  // The place of an image; -1 while it is not known.
  indexOf(id) {
    const among = this.news.findIndex((item) => item.id === id);
    if (among >= 0) return among;
    const number = this.places.get(id);
    return number === undefined ? -1 : number + this.news.length;
  }

  // When the image at this place was made, about: for a label while its rows are on their way.
  about(index) {
    const known = this.at(index)?.created_at;
    const page = Math.round(Math.max(0, index - this.news.length) / PAGE);
    return known ?? (this.dates[page - 1] ? this.dates[page - 1] * 1000 : null);
  }

  // Read the shape of the whole, and the rows between these places before anything moves; true when anything is
  // different from what was shown.
  measure(from, to) {
    return this.#measured(from, to, (this.turn += 1));
  }

  async #measured(from, to, turn) {
    const { news } = this, layout = await this.#read("/layout");
    if (turn !== this.turn || layout.revision === this.revision) return false;
    const drawn = this.revision === undefined && layout.revision === this.asked.revision; // nothing happened meanwhile
    const pages = new Map(drawn ? [[0, this.pages.get(0)]] : []);
    const seen = [0, ...[from, to].map((index) => Math.floor(index / PAGE))];
    for (const page of seen)
      if (!pages.has(page) && page < layout.cursors.length)
        pages.set(page, unpack(await this.#read("", { limit: PAGE, after: layout.cursors[page] })));
    if (turn !== this.turn) return false;
    if (news !== this.news) return this.#measured(from, to, turn); // it knows nothing of what came in front meanwhile
    const shapes = Uint8Array.from(atob(layout.ratios), (c) => c.charCodeAt(0));
    const { cursors, dates, revision, order, stacked } = layout;
    Object.assign(this, { shapes, cursors, dates, revision, order, stacked, complete: true });
    this.forget();
    for (const [page, items] of pages) this.#put(page, items);
    return true;
  }

  // Read the rows between two places, and stop reading what is no longer looked at. `then` runs for each page that came.
  // False when something is missing that was read: the gallery is another one by now, so measure it again.
  want(from, to, then, failed) {
    const needed = new Set();
    for (let index = from; index <= to; index++) if (!this.at(index)) needed.add(this.#page(index));
    for (const [page, controller] of this.waiting) if (!needed.has(page)) controller.abort();
    for (const page of this.failed) if (!needed.has(page)) this.failed.delete(page);
    for (const page of needed)
      if (!this.waiting.has(page) && !this.whole.has(page) && page < this.cursors.length) this.#fetch(page, then, failed);
    return ![...needed].some((page) => this.whole.has(page));
  }

  // The rows around one place, for who walks along; resolves to the row.
  async reach(index) {
    if (this.at(index)) return this.at(index);
    const { state } = this, page = this.#page(index), place = (index - this.news.length) % PAGE;
    const items = unpack(await this.#read("", this.#query(page)));
    if (state !== this.state) return this.reach(index);
    this.#put(page, items);
    return this.pages.get(page)[place];
  }

  // The ids between two places, both included, whether or not their rows were looked at.
  async ids(from, to) {
    const known = [];
    for (let index = from; index <= to && this.at(index); index++) known.push(this.at(index).id);
    const next = from + known.length;
    if (next > to) return known;
    const page = this.#page(next), first = page * PAGE + this.news.length;
    const { after } = this.#query(page);
    const limit = Math.min(MOST, to - first + 1);
    const rest = await this.#read("/ids", { after, limit });
    const more = rest.length === limit && first + limit <= to ? await this.ids(first + limit, to) : [];
    return [...known, ...rest.slice(next - first), ...more];
  }

  // How many images stand before this day.
  place(day) {
    return this.#read("/place", { on: day });
  }

  // Images that are newer than all that are known; null when they cannot be told one by one.
  async fresh() {
    if (this.order && this.order !== "newest") return null;
    const items = unpack(await this.#read("", { limit: NEWS }));
    const known = items.findIndex((item) => this.indexOf(item.id) >= 0);
    return known < 0 && this.total > 0 ? null : items.slice(0, known < 0 ? items.length : known);
  }

  // Put new images in front.
  prepend(items) {
    this.news = [...items, ...this.news];
  }

  // Is this so, as far as it was read or done here?
  is(id, fact) {
    return Boolean((this.at(this.indexOf(id)) ?? this.facts.get(id))?.[fact]);
  }

  // What was just done with these images, before the server says it.
  patch(ids, facts) {
    const chosen = new Set(ids);
    for (const id of ids) this.facts.set(id, { ...this.facts.get(id), ...facts });
    for (const items of [this.news, ...this.pages.values()])
      for (const item of items) if (chosen.has(item.id)) Object.assign(item, facts);
  }

  // All rows are read again when they are looked at.
  forget() {
    for (const controller of this.waiting.values()) controller.abort();
    this.state += 1;
    this.news = [];
    for (const known of [this.pages, this.places, this.whole, this.failed]) known.clear();
  }

  // What was done here was refused: only the server knows how things are.
  distrust() {
    this.forget();
    this.facts.clear();
    this.revision = null;
  }

  async #fetch(page, then, failed) {
    const controller = new AbortController(), { state } = this;
    this.waiting.set(page, controller);
    try {
      const items = unpack(await this.#read("", this.#query(page), controller.signal));
      if (state !== this.state) return;
      this.failed.delete(page);
      this.#put(page, items);
      then();
    } catch (error) {
      if (error.name === "AbortError" || state !== this.state) return;
      this.failed.add(page);
      failed(error);
    } finally {
      if (this.waiting.get(page) === controller) this.waiting.delete(page);
    }
  }

  #page(index) {
    return Math.floor((index - this.news.length) / PAGE);
  }

  #query(page) {
    return { limit: PAGE, after: page === 0 ? this.#before() : this.cursors[page] };
  }

  // A cursor right before the first image that was counted: a millisecond later, in microseconds, see core/wanted.py.
  // In other orders what is new does not come in front.
  #before() {
    const first = this.order === "newest" ? this.pages.get(0)?.[0] : null;
    return first ? `${((BigInt(first.created_at) + 1n) * 1000n).toString(16)}.` : null;
  }

  #read(path, query = {}, signal) {
    const { q, source } = this.asked;
    const zone = q || path === "/place" ? Intl.DateTimeFormat().resolvedOptions().timeZone : "";
    const given = Object.entries({ ...query, q, tz: zone }).filter(([, value]) => value);
    const asked = given.length ? `?${new URLSearchParams(given)}` : "";
    return rows(`${path}${asked}`, signal, source);
  }

  #put(page, items) {
    const first = page === 0 ? this.pages.get(0)?.[0]?.id : undefined;
    const own = items.slice(Math.max(0, items.findIndex((item) => item.id === first)));
    this.pages.delete(page);
    this.pages.set(page, own);
    own.forEach((item, i) => this.places.set(item.id, page * PAGE + i));
    if (items.length === PAGE || page * PAGE + own.length >= this.shapes.length) this.whole.add(page);
    if (this.pages.size > MOST_PAGES) this.#drop([...this.pages.keys()].find((known) => known !== 0));
  }

  #drop(page) {
    this.pages.get(page).forEach((item) => this.places.delete(item.id));
    this.pages.delete(page);
    this.whole.delete(page);
  }
}

// JSON columns → one object per image
function unpack(page) {
  const flags = ["practice", "starred", "selected"], { next: _, models, ...columns } = page;
  return page.id.map((_id, i) => {
    const item = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]]));
    for (const name of flags) item[name] = Boolean(item[name]);
    item.model = models[item.model];
    item.mine = columns.mine?.[i] !== 0;
    return item;
  });
}
