// What stands around the grid: how many images there are, the month while scrolling, what is new, nothing, and trouble.

import { button, count, icon, make, month } from "./elements.js";

const LABEL = 900; // ms that the month stays after the last movement

export class Around {
  // `on`: { create(), welcome() }
  constructor(root, area, data, on) {
    Object.assign(this, { root, area, data, on });
    this.bar = make("div", "bar");
    this.total = make("p", "total", "", { role: "status" });
    this.bar.append(this.total);
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

  // `total` is null while it is not counted.
  count(total) {
    const { words, locale } = this.data;
    this.bar.hidden = total === 0;
    this.total.textContent = total === null ? "\u00a0" : count(words, "image", total, locale);
    this.root.querySelector(".empty")?.remove();
    if (total === 0) this.area.before(this.#nothing());
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

  fail(again) {
    const { words } = this.data;
    const retry = make("button", "", words.retry, { type: "button" });
    retry.onclick = () => (this.well(), again());
    this.trouble.replaceChildren(make("span", "", words.failed), retry);
    this.trouble.hidden = false;
  }

  well() {
    this.trouble.hidden = true;
  }

  #nothing() {
    const { words } = this.data;
    const box = make("div", "empty"), frames = make("div", "frames", "", { "aria-hidden": "true" });
    frames.append(make("i"), make("i"), make("i"));
    box.append(frames, make("h2", "", words.nothing), make("p", "", words.nothing_text));
    box.append(button("primary", "create", words.first, this.on.create, true));
    return box;
  }
}
