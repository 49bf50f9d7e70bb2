// Which keys the grid knows: shown by "?" and by a button above it; the lightbox lists them beside its own.

import { button, engaged, make } from "./elements.js";
import { keyList } from "./key_list.js";

// `searching`: there is a line to search with.
export function gridKeys({ acts, words }, searching) {
  const names = words.key_names, many = acts.some((act) => act.many);
  const picks = [
    [[names.Space], words.pick],
    [[`${names.Shift} ← ↑ → ↓`], words.key_range],
    [[`${names.Ctrl} A`], words.key_all],
    [[names.Escape], words.pick_none],
  ];
  return [
    [["←", "↑", "→", "↓"], words.key_move],
    [[names.PageUp, names.PageDown], words.key_page],
    [[names.Home, names.End], words.key_ends],
    [[names.Enter], words.key_open],
    ...(many ? picks : []),
    ...acts.filter(({ key }) => key).map(({ key, label }) => [[named(key, names)], label]),
    ...(acts.some((act) => act.leaves) ? [[["Z"], words.undo]] : []),
    ...(searching ? [[["/"], words.key_search]] : []),
    [["?"], words.keys],
  ];
}

const named = (key, names) => (key.length === 1 ? key.toUpperCase() : (names[key] ?? key));

export class Help {
  // `lines()` says what it lists.
  constructor(root, data, lines, signal) {
    Object.assign(this, { data, lines });
    this.dialog = make("dialog", "help", "", { "aria-label": data().words.keys, tabindex: "-1" });
    this.dialog.onkeydown = (event) => this.#key(event);
    this.dialog.onclick = (event) => event.target === this.dialog && this.dialog.close(); // beside it
    root.append(this.dialog);
    document.addEventListener("keydown", (event) => this.#asked(event), { signal });
  }

  show() {
    const { words } = this.data(), head = make("header");
    head.append(make("h2", "", words.keys), button("close", "close", words.close, () => this.dialog.close()));
    const box = make("div", "sheet");
    box.append(head, keyList(this.lines()), make("p", "", words.key_hint));
    this.dialog.replaceChildren(box);
    this.dialog.showModal();
    this.dialog.focus();
  }

  #key(event) {
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.key === "?") this.dialog.close();
  }

  // Wherever on the page, unless somebody writes or something else is open.
  #asked(event) {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || engaged(event)) return;
    event.preventDefault();
    this.show();
  }
}
