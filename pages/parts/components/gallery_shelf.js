// What the grid knows of the gallery: the shape of all images, and the rows of those that were looked at.
// New images come in front of everything that was counted before, so pages keep their numbers.

import { rows } from "./elements.js";
import { shape } from "./gallery_rows.js";

const PAGE = 200; // as in core/gallery.py
const MOST_PAGES = 40; // rows kept in memory; the shape of all images is kept anyway
const NEWS = 60;

export class Shelf {
  constructor(first) {
    this.news = [];
    this.pages = new Map();
    this.places = new Map(); // id → number among those counted
    this.cursors = [null];
    this.dates = [];
    this.waiting = new Map(); // page → AbortController
    this.whole = new Set(); // pages of which there is no more to read
    const items = unpack(first);
    this.shapes = Uint8Array.from(items, (item) => shape(item.width, item.height));
    this.complete = first.next === null;
    this.#put(0, items);
  }

  get total() {
    return this.news.length + this.shapes.length;
  }

  get newest() {
    return this.at(0)?.id ?? null;
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

  // Read the shape of the whole; true when anything is different from what was shown.
  async measure() {
    const layout = await rows("/layout");
    if (layout.revision === this.revision) return false;
    const same = this.newest === layout.newest;
    const first = same ? [...this.news, ...(this.pages.get(0) ?? [])] : unpack(await rows(`?limit=${PAGE}`));
    const shapes = Uint8Array.from(atob(layout.ratios), (c) => c.charCodeAt(0));
    Object.assign(this, { shapes, cursors: layout.cursors, dates: layout.dates, revision: layout.revision, complete: true });
    this.#forget();
    this.#put(0, first.slice(0, PAGE));
    return true;
  }

  // Read the rows between two places, and stop reading what is no longer looked at. `then` runs for each page that came.
  // False when something is missing that was read: the gallery is another one by now, so measure it again.
  want(from, to, then, failed) {
    const needed = new Set();
    for (let index = from; index <= to; index++) if (!this.at(index)) needed.add(this.#page(index));
    for (const [page, controller] of this.waiting) if (!needed.has(page)) controller.abort();
    for (const page of needed)
      if (!this.waiting.has(page) && !this.whole.has(page) && page < this.cursors.length) this.#read(page, then, failed);
    return ![...needed].some((page) => this.whole.has(page));
  }

  // The rows around one place, for who walks along; resolves to the row.
  async reach(index) {
    const page = this.#page(index);
    if (!this.at(index)) this.#put(page, unpack(await rows(this.#query(page))));
    return this.at(index);
  }

  // Images that are newer than all that are known; null when there are more than can be told one by one.
  async fresh() {
    const items = unpack(await rows(`?limit=${NEWS}`));
    const known = items.findIndex((item) => this.indexOf(item.id) >= 0);
    return known < 0 && this.total > 0 ? null : items.slice(0, known < 0 ? items.length : known);
  }

  // Put new images in front.
  prepend(items) {
    this.news = [...items, ...this.news];
  }

  async #read(page, then, failed) {
    const controller = new AbortController();
    this.waiting.set(page, controller);
    try {
      this.#put(page, unpack(await rows(this.#query(page), controller.signal)));
      then();
    } catch (error) {
      if (error.name !== "AbortError") failed(error);
    } finally {
      if (this.waiting.get(page) === controller) this.waiting.delete(page);
    }
  }

  #page(index) {
    return Math.floor((index - this.news.length) / PAGE);
  }

  #query(page) {
    const after = page === 0 ? this.#before() : this.cursors[page];
    return `?limit=${PAGE}${after ? `&after=${after}` : ""}`;
  }

  // A cursor right before the first image that was counted: a millisecond later, in microseconds, see core/gallery.py.
  #before() {
    const first = this.pages.get(0)?.[0];
    return first ? `${((BigInt(first.created_at) + 1n) * 1000n).toString(16)}.` : null;
  }

  #put(page, items) {
    const first = page === 0 ? this.pages.get(0)?.[0].id : undefined;
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

  #forget() {
    for (const controller of this.waiting.values()) controller.abort();
    this.news = [];
    for (const known of [this.pages, this.places, this.whole]) known.clear();
  }
}

// JSON columns → one object per image
function unpack(page) {
  return page.id.map((id, i) => ({
    id,
    width: page.width[i],
    height: page.height[i],
    placeholder: page.placeholder[i],
    text: page.text[i],
    created_at: page.created_at[i],
    practice: Boolean(page.practice[i]),
    model: page.models[page.model[i]],
  }));
}
