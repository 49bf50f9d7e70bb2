// What is looked for: the query line above the grid, chips, filters and views. One string is all of it; every part is
// another way to write it, and the server says what it means (`/api/find/counts`).
//
//   new Find(place, data, on)   `place` is filled; data(): the component's data with `words`, `locale` and `views`
//   on                          { change(q): this is looked for now, act(action): something to do with a view,
//                                 others(n): so many images of everybody the person may look at, 0 when only their own }
//   show(q)                     what is in effect: from the address, from Back, from a view
//   look(q)                     look for this, as if somebody had written it
//   refresh()                   the gallery changed: count again
//   leave()                     it is taken from the page

import { button, engaged, fill, make, remember, remembered, rows } from "./elements.js";
import { Beside } from "./find_beside.js";
import { Chips } from "./find_chips.js";
import { Field } from "./find_field.js";
import { nothing, unread } from "./find_nothing.js";
import { Note } from "./find_note.js";
import { Panel } from "./find_panel.js";
import { keyed, replaced, same, tidy, toggled, touched, without } from "./find_pieces.js";
import { Press } from "./press.js";
import { Views } from "./find_views.js";

const ROOMY = 720; // pixels of our own width from which the filters stand beside the grid
const OPEN = "studio-filters-open"; // in the browser's memory
const GAP = 10; // pixels under the header, as in find.css
const SOON = 1000; // ms until counts that were not there yet are asked for again

export class Find {
  constructor(place, data, on) {
    Object.assign(this, { place, data, on, applied: null, told: [], answer: null, edits: 0, editing: Promise.resolve() });
    Object.assign(this, { asked: null, asking: Promise.resolve() }); // the line that the server is asked about now
    this.root = place.parentElement ?? place.getRootNode().host;
    this.leaving = new AbortController();
    this.#build();
    const { signal } = this.leaving;
    document.addEventListener("keydown", (event) => this.#slash(event), { signal });
    const watch = new ResizeObserver(() => (this.#arrange(), this.field.hint()));
    for (const node of [this.root, this.head]) watch.observe(node);
    if (remembered(OPEN) === "1" && this.root.clientWidth >= ROOMY) this.#open(true);
  }

  show(q) {
    this.views.refresh();
    const echo = this.told.indexOf(q);
    this.told = echo < 0 ? [] : this.told.slice(echo + 1);
    if (echo >= 0 || q === this.applied) return; // our own change came back
    if (this.applied === null) this.place.hidden = !q && this.data().first?.id.length === 0 && !this.data().views.length; // until it is counted
    this.applied = q;
    this.field.text = q;
    this.panel.forget();
    this.#ask(q, true);
    this.views.refresh();
  }

  look(q) {
    return this.#another(q);
  }

  // Not before what is on its way is answered: that is a newer line, and would be lost.
  refresh() {
    this.views.refresh();
    this.beside.forget();
    this.late = this.asked !== null;
    if (this.applied !== null && !this.late) this.#ask(this.applied, false);
  }

  leave() {
    this.leaving.abort();
    clearTimeout(this.soon);
    this.views.close(false);
    this.root.style.minHeight = "";
  }

  // ---- what is looked for ----

  // Written in the field. A word that somebody is still writing is not wrong yet.
  async #written(text, sure, instead) {
    const q = tidy(text), overtaken = this.asked !== null && this.asked !== q;
    if (q !== this.applied || overtaken) return this.#ask(q, sure, instead);
    if (this.trouble?.q === q) return sure && this.#wrong(this.trouble);
    if (this.answer?.q !== q) return this.#ask(q, sure, instead);
    this.#right();
    this.#draw();
  }

  // Changed by a click: one after the other, each once the answer to the one before is there.
  #edit(change) {
    this.edits += 1;
    const done = () => (this.edits -= 1) || this.panel.settle();
    return (this.editing = this.editing.catch(() => {}).then(() => this.#edited(change)).finally(done));
  }

  #another(line) {
    this.panel.forget();
    return this.#edit(() => line);
  }

  async #edited(change) {
    while (this.asked !== null) await this.asking;
    const base = await this.#readable(this.trouble?.q ?? this.applied ?? "", this.trouble?.said);
    const q = tidy(change(base.q, base));
    if (q === this.applied && !this.trouble) return;
    this.field.text = q;
    await this.#ask(q, true);
  }

  // What a click builds on: the line without the words in it that cannot be read, and what the server says of that.
  async #readable(q, wrong = null) {
    const line = wrong ? without(q, ...touched(q, wrong)) : q;
    if (line === this.answer?.q) return this.answer;
    const unknown = { ...this.answer, q: line, pieces: [] };
    if (wrong && line === q) return unknown;
    return this.#counts(line).catch(({ status, said }) => (status === 400 ? this.#readable(line, said) : unknown));
  }

  #ask(q, sure, instead) {
    return (this.asking = this.#count(q, sure, instead));
  }

  async #count(q, sure, instead) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.asked = q;
    clearTimeout(this.soon);
    this.place.classList.add("asking");
    const [answer, error] = await this.#counts(q).then((answer) => [answer], (error) => [null, error]);
    if (turn !== this.turn) return;
    this.asked = null;
    if (this.leaving.signal.aborted) return;
    this.place.classList.remove("asking");
    if (answer) this.#read(answer);
    else if (error.status === 400) this.#misread(q, error, sure, instead);
    else this.#waiting(q, error);
    if (this.late) this.refresh();
  }

  async #counts(q) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    const answer = await rows(`?${new URLSearchParams({ q, tz: zone })}`, this.leaving.signal, "/api/find/counts");
    for (const piece of [...answer.pieces, ...answer.ways]) piece.text = q.slice(piece.start, piece.end);
    return { ...answer, q };
  }

  // Whether this line is what the field holds; what is wrong with another one is marked when that is answered.
  #held(q) {
    return tidy(this.field.text) === tidy(q);
  }

  #read(answer) {
    this.answer = answer;
    if (!this.trouble || this.#held(answer.q)) this.#right();
    this.#tell(answer.q);
    if (answer.behind) this.#again(answer.q);
    this.#draw();
  }

  #tell(q) {
    if (q === this.applied) return;
    this.applied = q;
    this.told.push(q);
    this.on.change(q);
    this.views.refresh();
  }

  // ---- mistakes ----

  #misread(q, { message, said }, sure, instead) {
    if (!this.answer) this.#ground();
    if (q === this.applied) this.#empty(this.#unread());
    if (!this.#held(q)) return;
    const { at } = this.field, shift = Math.max(0, this.field.text.indexOf(q));
    this.trouble = { q, said, sentence: message, start: said.start + shift, end: said.end + shift };
    if (instead?.(this.trouble)) return;
    const unfinished = !sure && at && at.start < this.trouble.end && this.trouble.start < at.end;
    if (!unfinished) this.#wrong(this.trouble);
  }

  // An address that cannot be read: filters and offers are those of everything.
  async #ground() {
    const answer = await this.#counts("").catch(() => null);
    if (!answer || this.answer) return;
    this.answer = answer;
    this.press.then("chips", () => this.chips.show(answer));
    this.panel.draw(answer);
    this.field.refresh();
  }

  #wrong(trouble) {
    this.field.mark(trouble);
    this.#say("wrong", trouble);
    this.misread = trouble.q !== this.applied; // what is shown answers the line before
    this.root.classList.toggle("misread", this.misread);
    if (this.none) this.#empty(this.#unread()); // nothing is shown: what did not find it is no news any more
  }

  #right() {
    this.trouble = null;
    this.field.mark(null);
    this.#say("hide");
    this.misread = false;
    this.root.classList.remove("misread");
    this.#unsought();
  }

  // What has no letter and no digit is not searched for. A minus or a quote is where something may begin.
  #unsought() {
    const { words } = this.data();
    const idle = this.answer?.pieces.filter(({ idle, text }) => idle && !/^[-"]*$/.test(text)) ?? [];
    if (idle.length) this.#say("aside", fill(words.find.unsought, { what: idle.map(({ text }) => `“${text}”`).join(", ") }));
  }

  // The index is being made, or nobody answers: the grid says so itself; we ask again.
  #waiting(q, error) {
    const { words } = this.data(), another = this.trouble && !this.#held(q);
    this.#tell(q);
    this.#again(q);
    if (!another) this.#right();
    this.#draw();
    if (!another) this.#say("aside", error.status === 503 ? words.find.coming : words.find.unreachable);
  }

  #again(q) {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => !this.leaving.signal.aborted && this.#ask(q, false), SOON);
  }

  // ---- what is drawn ----

  // A line more or less moves what somebody presses just now.
  #say(how, ...what) {
    this.press.then("note", () => this.note[how](...what));
  }

  #draw() {
    if (!this.answer) return;
    const { total, pieces } = this.answer;
    const others = this.answer.facets.person?.find(({ value }) => !value)?.n ?? 0;
    this.place.hidden = !total && !pieces.length && !others && !this.data().views.length; // who sees no images looks for none
    this.on.others(others);
    this.press.then("chips", () => this.chips.show(this.answer));
    this.panel.draw(this.answer);
    this.field.refresh();
    const filters = pieces.filter(({ key }) => key && !["sort", "stack"].includes(key)).length;
    this.badge.textContent = filters || "";
    this.badge.hidden = !filters;
    this.#empty(total || !pieces.length ? null : this.misread ? this.#unread() : this.#nothing());
    this.#arrange();
  }

  #nothing() {
    return nothing(this.answer, this.data(), {
      take: ({ text, word }) => this.#edit((q) => replaced(q, same(q, text), word)),
      clear: () => this.#another(""),
    });
  }

  #unread() {
    return unread(this.data(), () => this.#another(""));
  }

  #empty(node) {
    this.press.then("empty", () => {
      this.none?.remove();
      this.none = node;
      if (node) this.place.append(node);
      this.root.classList.toggle("without", Boolean(node));
    });
  }

  #build() {
    const { words } = this.data();
    this.place.classList.add("find");
    this.root.classList.add("finding");
    this.press = new Press(this.root, this.leaving.signal);
    this.beside = new Beside((line) => this.#counts(line), () => this.field.refresh());
    this.field = new Field(this.data, {
      apply: (...written) => this.#written(...written),
      answer: (line) => this.beside.of(line, this.answer),
      need: (line) => this.beside.ask(line, this.answer),
    });
    this.chips = new Chips(this.data, {
      remove: ({ text }) => this.#edit((q) => without(q, ...same(q, text))),
      clear: () => this.#another("").then(() => this.field.focus()),
    });
    this.panel = new Panel(this.data, {
      toggle: (facet, choice, on) => this.#edit((q, answer) => toggled(q, answer, facet, choice, on)),
      keyed: (keys, piece) => this.#edit((q) => keyed(q, keys, piece)),
      close: () => this.#closed(),
      busy: () => this.edits > 0,
    });
    this.views = new Views(this.data, () => this.applied ?? "", { pick: (line) => this.#another(line), act: (action) => this.on.act(action) });
    this.opener = button("opener", "filters", words.find.filters, () => this.#open(!this.panel.open), true);
    this.opener.setAttribute("aria-expanded", "false");
    this.badge = make("span", "badge", "", { hidden: "" });
    this.opener.append(this.badge);
    this.note = new Note(`${this.field.name}-wrong`, ({ q, said }) => this.field.put(q.slice(said.start, said.end), said.instead));
    this.head = make("div", "head");
    this.row = make("div", "row-of-find");
    this.row.append(this.field.node, this.opener, this.views.node);
    this.head.append(this.row, this.note.node, this.chips.node);
    this.place.append(this.head, this.panel.node);
  }

  #open(open) {
    if (!open) return this.panel.close();
    const sheet = this.root.clientWidth < ROOMY;
    this.panel.show(sheet);
    this.opener.setAttribute("aria-expanded", "true");
    if (!sheet) remember(OPEN, "1");
    this.#arrange();
  }

  #closed() {
    remember(OPEN, "0");
    this.opener.setAttribute("aria-expanded", "false");
    this.#arrange();
    this.opener.focus();
  }

  // Beside the grid the filters begin under the line, so that chips that come do not push them away; a window that became
  // narrow has no room for them.
  #arrange() {
    const beside = this.panel.open && !this.panel.modal;
    if (beside && this.root.clientWidth < ROOMY) {
      this.panel.hide();
      this.opener.setAttribute("aria-expanded", "false");
      return this.#arrange();
    }
    this.place.classList.toggle("beside", beside);
    this.panel.node.style.top = beside ? `${this.row.offsetTop + this.row.offsetHeight + GAP}px` : "";
    this.root.style.minHeight = beside ? `${this.head.offsetHeight + 600}px` : "";
  }

  #slash(event) {
    if (event.key !== "/" || engaged(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.field.focus();
    if (!this.field.text) this.field.offer();
  }
}
