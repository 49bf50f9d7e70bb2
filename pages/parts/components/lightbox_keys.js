// What each key does while the lightbox is open, and the list of them that "?" shows.

import { button, make } from "./elements.js";
import { keyList } from "./key_list.js";

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
  // `behind()` says which keys the screen behind knows.
  constructor(data, behind) {
    this.data = data;
    this.behind = behind;
    this.node = make("div", "keys", "", { role: "region", "aria-label": data().words.keys, tabindex: "0", hidden: "" });
  }

  get shown() {
    return !this.node.hidden;
  }

  show(shown) {
    if (shown) this.#draw();
    this.node.hidden = !shown;
  }

  pressed(event, box) {
    const { key, target } = event, plain = !event.metaKey && !event.ctrlKey && !event.altKey;
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (key === "Tab") return round(event, box.dialog);
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
    const behind = this.behind(), grid = behind.length ? [make("h2", "", words.keys_behind), keyList(behind)] : [];
    this.node.replaceChildren(make("h2", "", words.keys), keyList(lines), make("p", "", words.key_hint), ...grid);
  }
}

// Past the last thing that takes the keyboard comes the first: Tab would leave for the browser's own bar.
function round(event, dialog) {
  const all = [...dialog.querySelectorAll("a[href], button, summary, [tabindex='0']")].filter(takes);
  const [first, last] = event.shiftKey ? [all.at(-1), all[0]] : [all[0], all.at(-1)];
  const at = dialog.getRootNode().activeElement;
  if (at !== last && !(at === dialog && event.shiftKey)) return;
  event.preventDefault();
  first?.focus();
}

function takes(node) {
  return !node.disabled && node.tabIndex >= 0 && node.checkVisibility({ visibilityProperty: true });
}
