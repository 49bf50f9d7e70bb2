// What is looked for: the query line above the grid, chips, filters and views. One string is all of it; every part is
// another way to write it, and the server says what it means (`/api/find/counts`).
//
//   new Find(place, data, on)   `place` is filled; data(): the component's data with `words`, `locale` and `views`
//   on                          { change(q): this is looked for now, act(action): something to do with a view }
//   show(q)                     what is in effect: from the address, from Back, from a view
//   refresh()                   the gallery changed: count again
//   leave()                     it is taken from the page

import { button, make, remember, remembered, rows } from "./elements.js";
import { Chips } from "./find_chips.js";
import { Field } from "./find_field.js";
import { nothing, unread } from "./find_nothing.js";
import { Panel } from "./find_panel.js";
import { keyed, replaced, tidy, toggled, without } from "./find_pieces.js";
import { Views } from "./find_views.js";

const ROOMY = 720; // pixels of our own width from which the filters stand beside the grid
const OPEN = "studio-filters-open"; // in the browser's memory
const GAP = 10; // pixels under the header, as in find.css
const SOON = 1000; // ms until counts that were not there yet are asked for again

export class Find {
  constructor(place, data, on) {
    Object.assign(this, { place, data, on, applied: null, told: [], answer: null, edits: 0, asking: Promise.resolve(), editing: Promise.resolve() });
    this.root = place.parentElement ?? place.getRootNode().host;
    this.leaving = new AbortController();
    this.#build();
    const { signal } = this.leaving;
    document.addEventListener("keydown", (event) => this.#slash(event), { signal });
    const watch = new ResizeObserver(() => this.#arrange());
    for (const node of [this.root, this.head]) watch.observe(node);
    if (remembered(OPEN) === "1" && this.root.clientWidth >= ROOMY) this.#open(true);
  }

  show(q) {
    this.views.refresh();
    const echo = this.told.indexOf(q);
    this.told = echo < 0 ? [] : this.told.slice(echo + 1);
    if (echo >= 0 || q === this.applied) return; // our own change came back
    if (this.applied === null) this.place.hidden = !q && this.data().first?.id.length === 0; // until it is counted
    this.applied = q;
    this.field.text = q;
    this.#ask(q, true);
    this.views.refresh();
  }

  refresh() {
    this.views.refresh();
    if (this.applied !== null) this.#ask(this.applied, false);
  }

  leave() {
    this.leaving.abort();
    clearTimeout(this.soon);
    this.views.close(false);
    this.root.style.minHeight = "";
  }

  // ---- what is looked for ----

  // Written in the field. A word that somebody is still writing is not wrong yet.
  async #written(text, sure) {
    const q = tidy(text);
    if (q !== this.applied) return this.#apply(q, sure);
    if (this.trouble && sure) this.#wrong(this.trouble);
    else if (!this.trouble) this.#right();
  }

  async #apply(q, sure) {
    await (this.asking = this.#ask(q, sure));
  }

  // Changed by a click: one after the other, each once the answer to the one before is there.
  #edit(change) {
    this.edits += 1;
    const done = () => (this.edits -= 1) || this.panel.settle();
    return (this.editing = this.editing.catch(() => {}).then(() => this.#edited(change)).finally(done));
  }

  async #edited(change) {
    await this.asking;
    const base = this.answer?.q ?? this.applied ?? "", q = tidy(change(base, this.answer));
    if (q === this.applied) return;
    this.field.text = q;
    await this.#apply(q, true);
  }

  async #ask(q, sure) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    clearTimeout(this.soon);
    this.place.classList.add("asking");
    try {
      const answer = await this.#counts(q);
      if (turn !== this.turn) return;
      this.answer = { ...answer, q };
      for (const piece of this.answer.pieces) piece.text = q.slice(piece.start, piece.end);
      this.#right();
      this.#tell(q);
      if (answer.behind) this.#again(q);
    } catch (error) {
      if (turn !== this.turn || this.leaving.signal.aborted) return;
      if (error.status === 400) return this.#misread(q, error, sure);
      this.#tell(q);
      this.#waiting(q, error);
    } finally {
      if (turn === this.turn) this.place.classList.remove("asking");
    }
    this.#draw();
  }

  #counts(q) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    return rows(`?${new URLSearchParams({ q, tz: zone })}`, this.leaving.signal, "/api/find/counts");
  }

  #tell(q) {
    if (q === this.applied) return;
    this.applied = q;
    this.told.push(q);
    this.on.change(q);
    this.views.refresh();
  }

  // ---- mistakes ----

  #misread(q, error, sure) {
    const { at } = this.field, shift = this.field.text.indexOf(q);
    this.trouble = { ...error.said, sentence: error.message, start: error.said.start + Math.max(0, shift), end: error.said.end + Math.max(0, shift) };
    const unfinished = !sure && at && at.start < this.trouble.end && this.trouble.start < at.end;
    if (!unfinished) this.#wrong(this.trouble);
    if (!this.answer) this.#ground();
    if (q === this.applied) this.#empty(unread(this.data(), () => this.#edit(() => "")));
  }

  // An address that cannot be read: filters and offers are those of everything.
  async #ground() {
    const answer = await this.#counts("").catch(() => null);
    if (!answer || this.answer) return;
    this.answer = { ...answer, q: "" };
    this.chips.show(this.answer);
    this.panel.draw(this.answer);
    this.field.refresh();
  }

  #wrong({ start, end, sentence }) {
    this.field.mark({ start, end });
    this.note.textContent = sentence;
    this.note.hidden = false;
    this.note.className = "wrong";
  }

  #right() {
    this.trouble = null;
    this.field.mark(null);
    this.note.hidden = true;
  }

  // The index is being made, or nobody answers: the grid says so itself; we ask again.
  #waiting(q, error) {
    const { words } = this.data();
    this.field.mark(null);
    this.note.className = "wrong waiting";
    this.note.textContent = error.status === 503 ? words.find.coming : words.find.unreachable;
    this.note.hidden = false;
    this.#again(q);
  }

  #again(q) {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => !this.leaving.signal.aborted && this.#ask(q, false), SOON);
  }

  // ---- what is drawn ----

  #draw() {
    if (!this.answer) return;
    const { total, pieces } = this.answer;
    this.place.hidden = !total && !pieces.length; // who has no images looks for none
    this.chips.show(this.answer);
    this.panel.draw(this.answer);
    this.field.refresh();
    const filters = pieces.filter(({ key }) => key && !["sort", "stack"].includes(key)).length;
    this.badge.textContent = filters || "";
    this.badge.hidden = !filters;
    this.#empty(total || !pieces.length ? null : nothing(this.answer, this.data(), {
      take: ({ start, end, word }) => this.#edit((q) => replaced(q, [{ start, end }], word)),
      clear: () => this.#edit(() => ""),
    }));
    this.#arrange();
  }

  #empty(node) {
    this.none?.remove();
    this.none = node;
    if (node) this.place.append(node);
  }

  #build() {
    const { words } = this.data();
    this.place.classList.add("find");
    this.root.classList.add("finding");
    this.field = new Field(this.data, () => this.answer, { apply: (text, sure) => this.#written(text, sure) });
    this.chips = new Chips(this.data, {
      remove: (piece) => this.#edit((q) => without(q, piece)),
      clear: () => this.#edit(() => "").then(() => this.field.focus()),
    });
    this.panel = new Panel(this.data, {
      toggle: (facet, choice, on) => this.#edit((q, answer) => toggled(q, answer, facet, choice, on)),
      keyed: (keys, piece) => this.#edit((q) => keyed(q, keys, piece)),
      close: () => this.#closed(),
      busy: () => this.edits > 0,
    });
    this.views = new Views(this.data, () => this.applied ?? "", { pick: (line) => this.#edit(() => line), act: (action) => this.on.act(action) });
    this.opener = button("opener", "filters", words.find.filters, () => this.#open(!this.panel.open), true);
    this.opener.setAttribute("aria-expanded", "false");
    this.badge = make("span", "badge", "", { hidden: "" });
    this.opener.append(this.badge);
    this.note = make("p", "wrong", "", { role: "alert", id: `${this.field.name}-wrong`, hidden: "" });
    this.head = make("div", "head");
    const row = make("div", "row-of-find");
    row.append(this.field.node, this.opener, this.views.node);
    this.head.append(row, this.note, this.chips.node);
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

  // Beside the grid the filters begin where the grid does; a window that became narrow has no room for them.
  #arrange() {
    const beside = this.panel.open && !this.panel.modal;
    if (beside && this.root.clientWidth < ROOMY) {
      this.panel.hide();
      this.opener.setAttribute("aria-expanded", "false");
      return this.#arrange();
    }
    this.place.classList.toggle("beside", beside);
    this.panel.node.style.top = beside ? `${this.head.offsetTop + this.head.offsetHeight + GAP}px` : "";
    this.root.style.minHeight = beside ? `${this.head.offsetHeight + 600}px` : "";
  }

  #slash(event) {
    const at = event.composedPath()[0];
    const typing = at.matches?.("input, textarea, select, [contenteditable]") || event.composedPath().some((node) => node.nodeName === "DIALOG");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.field.focus();
    if (!this.field.text) this.field.offer();
  }
}
