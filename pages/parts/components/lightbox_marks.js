// Stars, and what goes to the trash and comes back: shown at once, told to Streamlit until it answers.

import { fill } from "./elements.js";
import { undoBar } from "./undo_bar.js";
import { Wishes } from "./wishes.js";

const LOOK = 1000; // ms between two looks at what nobody answered
const AGAIN = 4000; // ms until it is told again
const SILENT = 12_000; // ms after which somebody is told that nobody answers

export class Marks {
  // `box` is the lightbox: it hears marked(id), back(item), over() and warn(sentence).
  constructor(box, signal) {
    this.box = box;
    this.wishes = new Wishes();
    this.told = new Map(); // wish → what it is about
    this.stars = new Map(); // what is newer than what was read
    this.gone = new Set();
    this.last = 0; // when something was told again
    this.offered = []; // images that can be taken back
    document.addEventListener("studio:marked", ({ detail }) => this.#marked(detail), { signal });
    this.timer = setInterval(() => this.#remind(), LOOK);
  }

  leave() {
    clearInterval(this.timer);
    this.bar?.stop();
  }

  // The bar stands where it can be seen: in the dialog while that is open, else on the page.
  place(where) {
    this.where = where;
    if (this.bar?.isConnected) where.append(this.bar);
  }

  starred(item, detail) {
    return this.stars.get(item.id) ?? item.starred ?? detail?.starred ?? false;
  }

  star(id, on) {
    say("studio:marked", { id, starred: on });
    this.#tell("star", { id, on }, [id]);
  }

  trash(item, detail) {
    this.gone.add(item.id);
    this.offered = [...(this.bar?.isConnected ? this.offered : []), { ...item, derived: detail?.derived_total ?? 0 }];
    this.#tell("trash", { ids: [item.id] }, [item.id]);
    this.#offer();
  }

  // Take back all that was thrown away since the bar came.
  undo() {
    this.bar?.told("undo");
  }

  // Whether it is on its way back from the trash.
  coming(id) {
    return [...this.told.values()].some(({ act, ids }) => act === "restore" && ids.includes(id));
  }

  heard(component) {
    for (const { wish, error } of this.wishes.heard(component)) {
      const { act, ids, on } = this.told.get(wish);
      this.told.delete(wish);
      if (error) this.#refused(act, ids, on, error);
      else if (act === "trash") say("studio:trashed", { ids });
      else if (act === "restore") say("studio:restored", { ids });
    }
    if (this.silent && !this.told.size) this.box.warn((this.silent = ""));
  }

  #marked({ id, starred }) {
    this.stars.set(id, starred);
    this.box.marked(id);
  }

  #tell(act, facts, ids) {
    this.told.set(this.wishes.tell(act, facts), { act, ids, on: facts.on, at: Date.now() });
  }

  #refused(act, ids, on, error) {
    const later = [...this.told.values()].some((other) => other.act === act && other.ids[0] === ids[0]);
    if (act === "star" && !later) say("studio:marked", { id: ids[0], starred: !on });
    if (act === "trash") this.#kept(ids);
    if (act === "restore") ids.forEach((id) => this.gone.add(id));
    this.box.warn(error);
  }

  // It did not go to the trash after all.
  #kept(ids) {
    ids.forEach((id) => this.gone.delete(id));
    this.offered = this.offered.filter(({ id }) => !ids.includes(id));
    if (this.offered.length) this.#offer();
    else this.bar?.stop();
  }

  #offer() {
    const { words, locale, seconds = 10 } = this.box.data, n = this.offered.length;
    const derived = this.offered.reduce((sum, item) => sum + item.derived, 0);
    const stay = derived ? ` ${fill(words.derived_stay, { n: derived }, locale)}` : "";
    const text = (n === 1 ? words.binned : fill(words.binned_many, { n }, locale)) + stay;
    this.bar?.stop();
    this.bar = undoBar({ text, seconds, words }, (how) => (how === "undo" ? this.#restore() : this.box.over()));
    this.where.append(this.bar);
  }

  #restore() {
    const items = this.offered, ids = items.map(({ id }) => id);
    ids.forEach((id) => this.gone.delete(id));
    this.#tell("restore", { ids }, ids);
    this.box.back(items.at(-1));
  }

  #remind() {
    const now = Date.now(), waiting = now - Math.min(...[...this.told.values()].map(({ at }) => at));
    if (!this.told.size || waiting < AGAIN || now - this.last < AGAIN) return;
    this.last = now;
    this.wishes.again();
    if (waiting > SILENT) this.box.warn((this.silent = this.box.data.words.unsaved));
  }
}

const say = (event, detail) => document.dispatchEvent(new CustomEvent(event, { detail }));
