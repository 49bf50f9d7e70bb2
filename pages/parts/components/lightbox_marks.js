// Stars, and what goes to the trash and comes back: shown at once, told to Streamlit until it answers.

import { count, fill, rows } from "./elements.js";
import { undoBar } from "./undo_bar.js";
import { Wishes } from "./wishes.js";

const LOOK = 1000; // ms between two looks at what nobody answered
const AGAIN = 4000; // ms until it is told again
const SILENT = 12_000; // ms after which somebody is told that nobody answers

export class Marks {
  // `box` is the lightbox: it hears marked(id), passed(ids), back(item), over(), regain() and warn(sentence).
  constructor(box, signal) {
    this.box = box;
    this.wishes = new Wishes();
    this.told = new Map(); // wish → what it is about
    this.stars = new Map(); // what is newer than what was read
    this.gone = new Set();
    this.last = 0; // when something was told again
    this.offered = []; // images that can be taken back, each with the ids of those `derived` from it
    this.followed = []; // ids of those that went along with them
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

  trash(item) {
    this.#tell("trash", { ids: [item.id] }, [item.id]);
    this.#ask(this.elsewhere(item));
  }

  // It is in the trash, whoever threw it there, and can be taken back from here.
  elsewhere(item) {
    const gone = { ...item, derived: [] };
    if (!this.bar?.isConnected) this.offered = this.followed = [];
    this.offered = [...this.offered, gone];
    this.gone.add(item.id);
    this.#offer();
    return gone;
  }

  // Take back what lay in the trash already; the screen behind offers to undo that.
  restore({ id }) {
    this.gone.add(id);
    this.#tell("restore", { ids: [id] }, [id]);
  }

  // The screen behind shows what became of what was taken back: from now on only its order says what there is.
  settle() {
    const waiting = new Set([...this.told.values()].flatMap(({ ids }) => ids));
    for (const id of this.gone) if (!waiting.has(id)) this.gone.delete(id);
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
    if (act === "restore") ids.forEach((id) => (this.box.data.plain ? this.gone.delete(id) : this.gone.add(id)));
    this.box.warn(error);
  }

  // It did not go to the trash after all.
  #kept(ids) {
    ids.forEach((id) => this.gone.delete(id));
    this.offered = this.offered.filter(({ id }) => !ids.includes(id));
    this.followed = this.followed.filter((id) => !ids.includes(id));
    if (this.offered.length) this.#offer();
    else this.bar?.stop();
  }

  #offer() {
    const { words, seconds = 10 } = this.box.data;
    this.bar?.stop();
    this.bar = undoBar({ text: "", seconds, words }, (how) => this.#answered(how));
    this.#say();
    this.where.append(this.bar);
  }

  #say() {
    const { words, locale } = this.box.data, derived = this.#derived().length, n = this.offered.length + this.followed.length;
    const stay = derived ? ` ${count(words, "derived_stay", derived, locale)}` : "";
    this.bar.say((n === 1 ? words.binned : fill(words.binned_many, { n }, locale)) + stay, derived ? words.follow : "");
  }

  #answered(how) {
    this.box.regain(); // the bar is gone, and with it the button that was pressed
    if (how === "undo") this.#restore();
    else if (how === "follow") this.#follow();
    else this.box.over();
  }

  // What was derived from it stays, unless somebody wants it to follow.
  async #ask(gone) {
    gone.derived = await rows(`/${gone.id}/derived`).catch(() => []); // not asked then; each can go by itself
    if (this.bar?.isConnected && this.offered.includes(gone)) this.#say();
  }

  #derived() {
    return [...new Set(this.offered.flatMap(({ derived }) => derived))].filter((id) => !this.gone.has(id));
  }

  // From now on all of it is taken back together.
  #follow() {
    const ids = this.#derived();
    ids.forEach((id) => this.gone.add(id));
    this.followed = [...this.followed, ...ids];
    this.#tell("trash", { ids }, ids);
    this.#offer();
    this.box.passed(ids);
  }

  #restore() {
    const last = this.offered.at(-1), ids = [...this.offered.map(({ id }) => id), ...this.followed];
    this.offered = this.followed = [];
    ids.forEach((id) => this.gone.delete(id));
    this.#tell("restore", { ids }, ids);
    this.box.back(last);
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
