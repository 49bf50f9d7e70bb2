// Above the picture: which of all it is, how large it is shown, and what can be done with it; each tooltip names its key.

import { button, dim, fill, icon, link, make } from "./elements.js";

const SAID = 2500; // ms

export class Bar {
  constructor(data, box) {
    const { words, locale } = data();
    this.data = data;
    this.node = make("div", "bar");
    this.place = make("p", "place", "", { role: "status" });
    this.percent = make("p", "percent", "", { role: "status" });
    const tool = (name, sign, label, key, act, shortcut = key) => {
      const node = button(`tool ${name}`, sign, label, act);
      return keyed(node, fill(words.keyed, { label, key }, locale), shortcut);
    };
    this.starring = tool("star", "star", words.star, "S", () => box.star());
    this.starring.setAttribute("aria-pressed", "false");
    this.trash = tool("trash", "trash", words.trash, "X", () => box.trash());
    this.download = keyed(link("tool download", "download", words.download), fill(words.keyed, { label: words.download, key: "D" }, locale), "D");
    this.download.download = "";
    this.informing = tool("info", "info", words.info, "I", () => box.info());
    this.enlarging = tool("full", "larger", words.full, "F", () => box.full());
    this.enlarging.setAttribute("aria-pressed", "false");
    const restoring = tool("restore", "restore", words.restore, "R", () => box.restore());
    const editing = tool("edit", "edit", words.edit, "E", () => box.edit()), { plain } = data();
    const tools = make("div", "tools");
    tools.append(
      ...(plain ? [restoring, this.download] : [this.starring, this.trash, this.download, editing]),
      this.enlarging,
      ...(plain ? [] : [this.informing]),
      tool("help", "keys", words.keys, "?", () => box.keys.show(!box.keys.shown)),
      tool("close", "close", words.close, words.key_names.Escape, () => box.close(), "Escape"),
    );
    this.box = box;
    this.node.append(this.place, this.percent, tools);
  }

  show(item) {
    this.download.href = `${this.data().media}${item.id}/download`;
    this.starring.hidden = this.trash.hidden = item.mine === false; // only who made it may
    dim(this.trash, this.box.marks.gone.has(item.id));
    this.star(this.box.starred);
  }

  star(starred) {
    const { words, locale } = this.data();
    this.starring.setAttribute("aria-pressed", String(starred));
    this.starring.title = fill(words.keyed, { label: starred ? words.starred : words.star, key: "S" }, locale);
    this.starring.replaceChildren(icon(starred ? "starred" : "star"));
  }

  zoomed(percent) {
    clearTimeout(this.timer);
    this.percent.classList.remove("already");
    const { words, locale } = this.data();
    this.enlarging.setAttribute("aria-pressed", String(percent !== null));
    this.percent.textContent = percent === null ? "" : fill(words.percent, { n: Math.round(percent) }, locale);
  }

  // Why nothing happened: it is shown as large as it is, or larger.
  already(percent) {
    const { words, locale } = this.data();
    this.percent.classList.add("already");
    this.percent.textContent = fill(words.already, { n: Math.round(percent) }, locale);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.zoomed(null), SAID);
  }

  informed(shown) {
    this.informing.setAttribute("aria-pressed", String(shown));
  }
}

export function keyed(node, title, shortcut) {
  node.title = title;
  node.setAttribute("aria-keyshortcuts", shortcut);
  return node;
}
