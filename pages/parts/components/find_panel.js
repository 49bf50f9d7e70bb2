// The filters: beside the grid where there is room, else a sheet over it. Each is another way to write in the line.

import { button, count, make } from "./elements.js";
import { amounts } from "./find_amounts.js";
import { called } from "./find_offers.js";
import { dates } from "./find_ranges.js";

const FEW = 7; // values of one filter that are shown at first
const FLAGS = ["yes", "no"];
const SORTS = ["best", "newest", "oldest", "costliest", "slowest"];

export class Panel {
  // `on`: { toggle(facet, choice, on), keyed(keys, words), close(), busy(): changes are on their way, `settle` is called then }
  constructor(data, on) {
    Object.assign(this, { data, on, long: new Set(), drafts: new Map() });
    const { words } = data();
    this.node = make("dialog", "panel", "", { "aria-label": words.find.filters });
    this.body = make("div", "body");
    this.done = make("button", "strong", "", { type: "button" });
    this.done.onclick = () => this.close();
    const head = make("header"), foot = make("footer");
    head.append(make("h2", "", words.find.filters), button("quiet", "close", words.find.close, () => this.close()));
    foot.append(this.done);
    this.node.append(head, this.body, foot);
    const later = () => setTimeout(() => this.settle()); // a click comes after the press that it ends
    const released = () => {
      this.pressed = false;
      later();
    };
    this.body.onpointerdown = () => (this.pressed = true);
    this.body.onpointerup = this.body.onpointerleave = this.body.onpointercancel = released;
    this.body.addEventListener("focusout", later);
    this.node.onkeydown = (event) => this.#key(event);
    this.node.oncancel = (event) => (event.preventDefault(), this.close());
    this.node.onclick = (event) => {
      if (event.target === this.node && this.modal) this.close(); // beside the sheet
    };
  }

  get open() {
    return this.node.open;
  }

  get modal() {
    return this.node.matches(":modal");
  }

  // As a sheet it takes the keyboard; beside the grid it does not.
  show(sheet) {
    if (this.open && this.modal === sheet) return;
    if (!this.open && this.answer) this.#redraw();
    const before = this.node.getRootNode().activeElement;
    if (this.open) this.node.close();
    if (sheet) return this.node.showModal();
    this.node.show();
    if (before) before.focus({ preventScroll: true });
    else this.node.getRootNode().activeElement?.blur();
  }

  close() {
    this.forget();
    this.node.close();
    this.on.close();
  }

  hide() {
    this.node.close();
  }

  // Something else is looked for altogether: what was typed here for the line before is no part of it.
  forget() {
    this.drafts.clear();
  }

  // Not while nobody sees it: most galleries are looked at without. Nor while somebody writes or presses here, or while
  // changes are on their way: what they wrote would be gone.
  draw(answer) {
    const { words, locale } = this.data();
    this.answer = answer;
    this.done.textContent = count(words.find, "show", answer.total, locale);
    this.late = !this.open || this.on.busy() || this.pressed || this.#written();
    if (!this.late) this.#redraw();
  }

  settle() {
    if (this.late) this.draw(this.answer);
  }

  #written() {
    const held = this.node.getRootNode().activeElement;
    return held?.matches?.(".end input") === true && (held.value !== held.defaultValue || held.validity.badInput);
  }

  #redraw() {
    this.late = false;
    const { dataset, selectionStart, selectionEnd } = this.node.getRootNode().activeElement ?? {}, { scrollTop } = this.body;
    this.body.replaceChildren(...this.#groups());
    this.body.scrollTop = scrollTop;
    const held = dataset?.name && this.body.querySelector(`[data-name="${CSS.escape(dataset.name)}"]`);
    held?.focus({ preventScroll: true });
    if (held?.matches?.("[type=text]")) held.setSelectionRange(selectionStart, selectionEnd); // who types next replaces what they picked
  }

  #groups() {
    const { answer } = this, { words } = this.data();
    const facets = Object.entries(answer.facets);
    const flags = facets.filter(([, choices]) => choices.every(({ value }) => FLAGS.includes(value)));
    const lists = facets.filter(([facet]) => !flags.some(([flag]) => flag === facet));
    const marks = flags.flatMap(([facet, choices]) => choices.filter(({ value }) => value === "yes").map((choice) => this.#choice(facet, choice)));
    const change = (keys, piece) => this.on.keyed(keys, piece);
    return [
      this.#order(),
      ...(marks.length ? [this.#group(words.find.marks, marks)] : []),
      ...lists.map(([facet, choices]) => this.#list(facet, choices)),
      this.#group(words.find.made, dates(answer, this.data(), change)),
      this.#group(words.find.cost, [...amounts("cost", answer, this.data(), this.drafts, change), ...this.#free()]),
      this.#group(words.find.took, amounts("took", answer, this.data(), this.drafts, change)),
    ].filter(Boolean);
  }

  // Practice keeps in the ledger what it would cost, and is found by it.
  #free() {
    const { words } = this.data(), practice = this.answer.facets.practice?.some(({ value, n }) => value === "yes" && n > 0);
    return practice ? [make("p", "told", words.find.cost_practice)] : [];
  }

  #order() {
    const { answer } = this, { words } = this.data();
    const group = make("div", "order"), label = make("label", "sort"), sort = make("select", "", "", { "data-name": "sort" });
    const sought = answer.pieces.some(({ key, minus }) => !key && !minus);
    for (const name of SORTS.filter((name) => name !== "best" || sought)) {
      const option = make("option", "", words.find[`sort_${name}`], { value: name });
      option.selected = name === answer.sort;
      sort.append(option);
    }
    const usual = sought ? "best" : "newest";
    sort.onchange = () => this.on.keyed(["sort"], sort.value === usual ? "" : `sort:${sort.value}`);
    label.append(make("span", "", words.find.sort), sort);
    const stack = make("label", "switch"), box = make("input", "", "", { type: "checkbox", role: "switch", "data-name": "stack" });
    box.checked = answer.stacked;
    box.onchange = () => this.on.keyed(["stack"], box.checked ? "stack:post" : "");
    stack.append(make("span", "", words.find.stack_post), box);
    group.append(label, stack);
    if (answer.stacked) group.append(make("p", "told", words.find.stack_counts));
    return group;
  }

  #list(facet, choices) {
    const { words } = this.data();
    if (!choices.length || (choices.length === 1 && !choices[0].picked)) return null; // all images have the only value
    const long = this.long.has(facet);
    const shown = choices.filter((choice, place) => long || place < FEW || choice.picked);
    const rows = shown.map((choice) => this.#choice(facet, choice));
    if (choices.length > FEW) {
      const more = make("button", "more", long ? words.find.fewer : words.find.more, { type: "button", "data-name": `more-${facet}` });
      more.setAttribute("aria-expanded", long);
      more.onclick = () => (long ? this.long.delete(facet) : this.long.add(facet), this.draw(this.answer));
      rows.push(more);
    }
    return this.#group(words.find[`facet_${facet}`] ?? facet, rows);
  }

  #group(title, rows) {
    const group = make("fieldset");
    group.append(make("legend", "", title), ...rows);
    return group;
  }

  #choice(facet, choice) {
    const { words, locale } = this.data();
    const row = make("label", choice.picked < 0 ? "choice minus" : choice.n ? "choice" : "choice none");
    const box = make("input", "", "", { type: "checkbox", "data-name": `${facet}=${choice.value}` });
    box.checked = choice.picked > 0;
    box.indeterminate = choice.picked < 0;
    box.onchange = () => this.on.toggle(facet, choice, box.checked);
    row.append(box, make("span", "called", called(facet, choice, words.find)), make("span", "n", choice.n.toLocaleString(locale)));
    return row;
  }

  #key(event) {
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.key !== "Escape" || this.modal) return; // a sheet hears of it by `cancel`
    event.preventDefault();
    this.close();
  }
}
