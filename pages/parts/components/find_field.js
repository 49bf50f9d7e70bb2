// The query line: a field that offers what could be written, and shows where it cannot be read.

import { button, icon, make } from "./elements.js";
import { offers } from "./find_offers.js";
import { pieceAt, pieces, tidy, without } from "./find_pieces.js";

const PAUSE = 450; // ms without a key before what is written counts
let fields = 0;

export class Field {
  // `on`: { apply(text, sure, instead), answer(line), need(line) }: `sure` when somebody said so by Enter, a choice or
  // leaving the field; `instead(wrong)` is tried before that word is called wrong, and true when the one word offered took
  // its place. `answer` gives the counts of a line as far as they are known, `need` asks for them and leads to `refresh`.
  constructor(data, on) {
    Object.assign(this, { data, on, shown: [], active: -1, wrong: null, offering: false });
    this.name = `find-${(fields += 1)}`;
    this.#build();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    if (text === this.input.value) return;
    this.input.value = text;
    this.#drawn();
    this.close();
  }

  get writing() {
    return this.input.getRootNode().activeElement === this.input;
  }

  // The piece in which somebody is writing now.
  get at() {
    return this.writing ? pieceAt(this.text, this.input.selectionStart) : null;
  }

  // What is written besides that.
  get #rest() {
    return this.at ? without(this.text, this.at) : tidy(this.text);
  }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.text.length, this.text.length);
  }

  // `wrong`: { start, end } of the word that cannot be read, or null.
  mark(wrong) {
    this.wrong = wrong;
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    this.#drawn();
  }

  // This word in the place of that one, wherever it stands by now.
  put(wrong, word) {
    const piece = pieces(this.text).find(({ text, minus }) => text.slice(minus ? 1 : 0) === wrong);
    if (piece) this.#take({ word, start: piece.end - wrong.length, end: piece.end });
  }

  // There is another answer: what is offered may have changed, and what is marked stays marked.
  refresh() {
    if (!this.offering) return;
    this.on.need(this.#rest);
    const marked = this.shown[this.active]?.word;
    this.offer();
    this.#activate(this.shown.findIndex(({ word }) => word === marked));
  }

  offer() {
    this.offering = true;
    const { words } = this.data();
    this.shown = offers(this.text, this.input.selectionStart, this.on.answer(this.#rest), words.find);
    this.list.replaceChildren(...this.shown.map((offer, place) => this.#option(offer, place)));
    this.#show(this.shown.length > 0);
    this.#activate(-1);
  }

  // In an empty line stands as much of a hint as there is room for.
  hint() {
    const { placeholder, placeholder_short } = this.data().words.find;
    this.mirror.replaceChildren(placeholder);
    this.input.placeholder = this.mirror.scrollWidth > this.mirror.clientWidth ? placeholder_short : placeholder;
    this.#drawn();
  }

  close() {
    this.offering = false;
    this.#show(false);
    this.#activate(-1);
  }

  #build() {
    const { words } = this.data();
    this.node = make("div", "seek", "", { role: "search" });
    this.input = make("input", "line", "", {
      type: "text", role: "combobox", "aria-label": words.find.line, autocomplete: "off",
      autocapitalize: "off", autocorrect: "off", spellcheck: "false", enterkeyhint: "search", maxlength: 1000,
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.name, "aria-describedby": `${this.name}-wrong`,
    });
    this.mirror = make("div", "mirror", "", { "aria-hidden": "true" });
    this.list = make("ul", "offers", "", { id: this.name, role: "listbox", "aria-label": words.find.offers, hidden: "" });
    this.empty = button("empty-line", "close", words.find.clear_line, () => this.#clear());
    const box = make("div", "box");
    box.append(this.mirror, this.input);
    this.node.append(icon("search"), box, this.empty, make("kbd", "", "/", { "aria-hidden": "true" }), this.list);
    this.input.oninput = () => this.#typed();
    this.input.onscroll = () => (this.mirror.scrollLeft = this.input.scrollLeft);
    this.input.onkeydown = (event) => this.#key(event);
    this.input.onclick = () => {
      if (this.list.hidden && !this.text) this.offer();
    };
    this.input.onblur = () => this.#left();
    this.#drawn();
  }

  // Under the words of the field lie the same words, unseen, with a shade under filters and a line under what is wrong.
  #drawn() {
    const { text, wrong } = this, parts = [];
    let at = 0;
    for (const { start, end, key } of pieces(text)) {
      const bad = wrong && start < wrong.end && wrong.start < end;
      if (!key && !bad) continue;
      parts.push(text.slice(at, start), make("span", bad ? "bad" : "key", text.slice(start, end)));
      at = end;
    }
    this.mirror.replaceChildren(...parts, text.slice(at));
    this.mirror.scrollLeft = this.input.scrollLeft;
    this.empty.hidden = !text;
    this.node.classList.toggle("full", Boolean(text));
  }

  #typed() {
    this.wrong = null;
    this.input.removeAttribute("aria-invalid");
    this.#drawn();
    this.offer();
    this.#later();
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.#begun()) return this.on.apply(this.#rest, false);
      this.on.apply(this.text, false);
      this.on.need(this.#rest);
    }, PAUSE);
  }

  // A key without its value says nothing yet, nor does a word that is about to become a key that is offered: the rest of
  // the line counts.
  #begun() {
    const { at, list, shown } = this;
    if (at?.key) return !at.value;
    return !list.hidden && shown.some(({ word, goesOn }) => goesOn && at && word.startsWith(at.value.toLowerCase()));
  }

  #now(instead) {
    clearTimeout(this.timer);
    this.on.apply(this.text, true, instead);
  }

  // Only the server knows whether what is written is a word already, so that is asked first. An example is nothing that
  // somebody began to write.
  #sole() {
    const { text, shown: [offer, ...others] } = this;
    if (!offer || offer.example || others.length || this.list.hidden) return undefined;
    return ({ start, end }) => this.text === text && start < offer.end && offer.start < end && (this.#take(offer), true);
  }

  #clear() {
    this.text = "";
    this.focus();
    this.#now();
  }

  #left() {
    this.close();
    this.#now();
  }

  #key(event) {
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.isComposing) return;
    const { key } = event, open = !this.list.hidden;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.offer();
      const n = this.shown.length, step = key === "ArrowDown" ? 1 : -1;
      if (n) this.#activate(this.active < 0 ? (step > 0 ? 0 : n - 1) : (this.active + step + n) % n);
    } else if (["Enter", "Tab"].includes(key) && open && this.active >= 0) {
      event.preventDefault();
      this.#take(this.shown[this.active]);
    } else if (key === "Enter") {
      event.preventDefault();
      const instead = this.#sole();
      this.close();
      this.#now(instead);
    } else if (key === "Escape") {
      event.preventDefault();
      if (open) this.close(), this.#later(); // a word after all
      else this.input.blur();
    }
  }

  #option({ label, hint, n }, place) {
    const { locale } = this.data();
    const node = make("li", "offer", "", { role: "option", id: `${this.name}-${place}`, "aria-selected": "false" });
    node.append(make("span", "called", label), make("span", "hint", hint === label ? "" : hint));
    if (n !== undefined) node.append(make("span", "n", n.toLocaleString(locale)));
    node.onpointerdown = (event) => event.preventDefault(); // the field keeps the keyboard
    node.onclick = () => this.#take(this.shown[place]);
    return node;
  }

  // The word takes the place of what was written of it.
  #take({ word, start, end, goesOn }) {
    const rest = this.text.slice(end).replace(/^\s+/, ""), front = this.text.slice(0, start);
    const space = front && !/[\s-]$/.test(front) ? " " : "";
    this.input.value = `${front}${space}${word}${goesOn ? "" : " "}${rest}`;
    const caret = front.length + space.length + word.length + (goesOn ? 0 : 1);
    this.input.setSelectionRange(caret, caret);
    this.input.focus();
    this.wrong = null;
    this.#drawn();
    if (goesOn) return this.offer(), this.#later();
    this.close();
    this.#now();
  }

  #show(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", open);
  }

  #activate(place) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = place;
    const node = this.list.children[place];
    node?.setAttribute("aria-selected", "true");
    node?.scrollIntoView({ block: "nearest" });
    if (node) this.input.setAttribute("aria-activedescendant", node.id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
