// What each key does while the lightbox is open, and the list of them that "?" shows.

import { button, make } from "./elements.js";

const PAN = 80; // pixels
const DOES = new Set(["s", "x", "Delete", "e", "i", "z"]); // not where images are only shown
const HELD = /^(Arrow|[-+=])/; // go on while they are held down

export function arrow(name, label, sign, key, act) {
  const node = button(`arrow ${name}`, name, label, act);
  node.title = `${label} (${sign})`;
  node.setAttribute("aria-keyshortcuts", key);
  return node;
}

export class Keys {
  constructor(data) {
    this.data = data;
    this.node = make("div", "keys", "", { role: "region", "aria-label": data().words.keys, tabindex: "0", hidden: "" });
  }

  get shown() {
    return !this.node.hidden;
  }

  show(shown) {
    if (shown && !this.node.firstChild) this.#draw();
    this.node.hidden = !shown;
  }

  pressed(event, box) {
    const { key, target } = event, plain = !event.metaKey && !event.ctrlKey && !event.altKey;
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (!plain && !(key.toLowerCase() === "z" && !event.altKey && !event.shiftKey)) return;
    if (target.closest("input, textarea, select")) return;
    const act = /^[1-9]$/.test(key) ? () => box.nth(Number(key)) : this.#act(event, box);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || HELD.test(key)) act();
  }

  #act({ key, shiftKey, target }, box) {
    const { zoom } = box.stage, pan = (x, y) => zoom.zoomed && !target.closest(".panel") && (() => zoom.pan(x, y));
    const acts = {
      ArrowLeft: shiftKey ? pan(PAN, 0) : () => box.step(-1),
      ArrowRight: shiftKey ? pan(-PAN, 0) : () => box.step(1),
      ArrowUp: pan(0, PAN),
      ArrowDown: pan(0, -PAN),
      PageUp: !target.closest(".panel") && (() => {}), // or the page behind would scroll
      PageDown: !target.closest(".panel") && (() => {}),
      Home: () => box.end(-1),
      End: () => box.end(1),
      Escape: () => box.escape(),
      s: () => box.star(),
      x: () => box.trash(),
      Delete: () => box.trash(),
      d: () => box.download(),
      e: () => box.edit(),
      i: () => box.info(),
      f: () => box.full(),
      z: () => box.marks.undo(),
      r: this.data().plain && (() => box.restore()),
      "+": () => zoom.by(1.5),
      "=": () => zoom.by(1.5),
      "-": () => zoom.by(1 / 1.5),
      0: () => zoom.reset(),
      "?": () => this.show(!this.shown),
    };
    const name = key.length === 1 ? key.toLowerCase() : key;
    const none = !Object.hasOwn(acts, name) || (this.data().plain && DOES.has(name));
    return none ? null : acts[name];
  }

  #draw() {
    const { words, plain } = this.data(), names = words.key_names;
    const does = [
      [["1", "…", "9"], words.key_switch],
      [["S"], words.star],
      [["X"], words.trash],
      [["Z"], words.undo],
      [["E"], words.edit],
      [["I"], words.info],
    ];
    const lines = [
      [["←", "→"], words.key_walk],
      [[names.Home, names.End], words.key_ends],
      ...(plain ? [[["R"], words.restore]] : does),
      [["D"], words.download],
      [["F"], words.full],
      [["+", "−", "0"], words.key_zoom],
      [["↑", "↓", `${names.Shift} ←`, `${names.Shift} →`], words.key_pan],
      [[names.Escape], words.close],
    ];
    const list = make("dl");
    for (const [keys, meaning] of lines) {
      const name = make("dt");
      for (const key of keys) name.append(key === "…" ? make("span", "", key) : make("kbd", "", key));
      list.append(name, make("dd", "", meaning));
    }
    this.node.append(make("h2", "", words.keys), list, make("p", "", words.key_hint));
  }
}
