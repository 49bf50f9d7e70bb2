// Small parts of the panel: a button that copies, the list of conversations.

import { button, day, fill, icon, make } from "./elements.js";
import { copy } from "./post_copy.js";

const SAID = 2000; // ms that "Copied" stays

// `text()` goes to the clipboard; the button says whether it is there.
export function copier(kind, sign, label, text, { data, node: root }) {
  const node = button(kind, sign, label, copied, true);
  node.dataset.name = `copy-${sign}`;
  const said = node.lastChild;
  said.setAttribute("aria-live", "polite");
  let timer = null;
  async function copied() {
    const done = await copy(text(), root);
    said.textContent = done ? data().words.copied : data().words.not_copied;
    clearTimeout(timer);
    timer = setTimeout(() => (said.textContent = label), SAID);
  }
  return node;
}

// The conversations that made or used an image, and a way to all of them.
export function threads(detail, { words, locale }, act) {
  const box = make("div", "others threads"), list = make("ul");
  for (const { id, title, updated_at } of detail.threads) {
    const line = make("li"), open = make("button", "", "", { type: "button", "data-name": `thread-${id}` });
    open.append(icon("conversation"), make("span", "title", title), make("time", "", day(updated_at, locale)));
    open.onclick = () => act("open", { ...detail, conversation_id: id });
    line.append(open);
    list.append(line);
  }
  if (!list.firstChild) return null;
  box.append(make("h2", "", words.threads), list);
  if (detail.threads_total > 1) {
    const all = make("button", "textual", fill(words.used, { n: detail.threads_total }, locale), { type: "button", "data-name": "used" });
    all.onclick = () => act("used", detail);
    box.append(all);
  }
  return box;
}
