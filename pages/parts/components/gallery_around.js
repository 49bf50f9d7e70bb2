// What stands around the grid: how many images there are, how they are laid out, the way to a date, the month while
// scrolling, what is new, nothing, and trouble.

import { button, count, icon, make, month } from "./elements.js";

const LABEL = 900; // ms that the month stays after the last movement

export class Around {
  // `on`: { create(), everybody(), welcome(), square(), keys(), day(day, focus) }
  constructor(root, area, data, on) {
    Object.assign(this, { root, area, data, on });
    this.bar = make("div", "bar");
    this.total = make("p", "total", "", { role: "status" });
    this.tools = make("div", "tools");
    this.bar.append(this.total, this.tools);
    this.#tools();
    const over = make("div", "over");
    this.month = make("div", "month", "", { "aria-hidden": "true" });
    this.pill = make("button", "pill", "", { type: "button", hidden: "" });
    this.pill.onclick = on.welcome;
    over.append(this.month, this.pill);
    this.trouble = make("div", "trouble", "", { role: "alert", hidden: "" });
    area.prepend(over);
    area.append(this.trouble);
    root.append(this.bar, area);
  }

  // `total` is null while it is not counted; `sought` says that something was looked for, so other images may be there.
  count(total, sought, what = "image") {
    const { words, locale } = this.data;
    this.bar.hidden = total === 0;
    this.total.textContent = total === null ? "\u00a0" : count(words, what, total, locale);
    this.root.querySelector(".empty")?.remove();
    if (total === 0 && !sought) this.area.before(this.#nothing());
  }

  // So many images of everybody may be looked at: who has none themselves is led there.
  others(n) {
    if (this.beyond === n) return;
    this.beyond = n;
    const empty = this.root.querySelector(".empty");
    if (empty) empty.replaceWith(this.#nothing());
  }

  // A date can be found where images are in the order of time.
  dated(possible) {
    this.calendar.hidden = !possible;
  }

  shaped(square) {
    const { words } = this.data;
    const label = square ? words.justified : words.square;
    this.shape.replaceChildren(icon(square ? "justified" : "square"));
    this.shape.title = label;
    this.shape.setAttribute("aria-label", label);
  }

  when(at, scrolled) {
    clearTimeout(this.timer);
    this.month.textContent = at ? month(at, this.data.locale) : "";
    this.month.classList.toggle("on", Boolean(at) && scrolled);
    this.timer = setTimeout(() => this.month.classList.remove("on"), LABEL);
  }

  newer(n) {
    const { words, locale } = this.data;
    this.pill.hidden = n === 0;
    if (n) this.pill.replaceChildren(icon("up"), count(words, "new_image", n, locale));
  }

  // `sentence`: what the server says of it, if it does.
  fail(again, sentence) {
    const { words } = this.data;
    this.said = false;
    const retry = make("button", "", words.retry, { type: "button" });
    retry.onclick = () => (this.well(), again());
    this.trouble.replaceChildren(make("span", "", sentence || words.failed), retry);
    this.trouble.hidden = false;
  }

  // Something that cannot be tried again, and stays until it was read.
  say(sentence) {
    const { words } = this.data;
    this.said = true;
    this.trouble.replaceChildren(make("span", "", sentence), button("close", "close", words.close, () => this.quiet()));
    this.trouble.hidden = false;
  }

  // What failed goes well by now.
  well() {
    if (!this.said) this.quiet();
  }

  quiet() {
    this.said = false;
    this.trouble.hidden = true;
  }

  #tools() {
    const { words } = this.data;
    this.shape = make("button", "tool", "", { type: "button" });
    this.shape.onclick = this.on.square;
    this.calendar = make("label", "tool", "", { title: words.jump });
    this.calendar.append(icon("calendar"), this.#day());
    const keys = button("tool keyboard", "keys", words.keys, this.on.keys);
    keys.title = `${words.keys} (?)`;
    keys.setAttribute("aria-keyshortcuts", "?");
    this.tools.append(this.calendar, this.shape, keys);
  }

  // What is typed is a date with each digit of its year, so it counts with Enter or when the field is left.
  #day() {
    const day = make("input", "", "", { type: "date", "aria-label": this.data.words.jump, min: "1900-01-01", max: "9999-12-31" });
    let typing = false, typed = false;
    const go = (focus) => {
      typed = false;
      if (day.value && day.validity.valid) this.on.day(day.value, focus);
    };
    day.onkeydown = ({ key, altKey }) => {
      if (key === "Enter") go(true);
      else if (/^(\d$|Arrow|Backspace|Delete)/.test(key) && !altKey) typing = true;
    };
    day.onchange = () => (typing ? (typed = true) : go(true));
    day.onblur = () => {
      typing = false;
      if (typed) go(false);
    };
    day.onclick = () => {
      typing = false;
      day.showPicker?.();
    };
    return day;
  }

  #nothing() {
    const { words } = this.data;
    const box = make("div", "empty"), frames = make("div", "frames", "", { "aria-hidden": "true" });
    frames.append(make("i"), make("i"), make("i"));
    box.append(frames, make("h2", "", words.nothing), make("p", "", words.nothing_text));
    if (words.first) box.append(button("primary", "create", words.first, this.on.create, true));
    if (this.beyond) box.append(button("quiet", "team", words.everybody, this.on.everybody, true));
    return box;
  }
}
