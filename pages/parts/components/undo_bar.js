// A sentence with a button. It waits while somebody points at it, has the keyboard in it, or looks elsewhere.

import { button, make } from "./elements.js";

// Calls once `end("undo")`, `end("follow")` (with `words.follow`: what depends on it goes the same way) or
// `end("closed")`. Returns its element, with `stop()` to take it away without a word, and `say(text, follow)` for what
// is known only later.
export function undoBar({ text, seconds, words }, end) {
  const node = make("div", "undo", "", { role: "status" }), said = make("span");
  const back = make("button", "back", words.undo, { type: "button" }), follow = make("button", "back follow", "", { type: "button" });
  let left = seconds, over = false;
  const timer = setInterval(() => {
    if (!node.matches(":hover, :focus-within") && !document.hidden) left -= 1;
    if (left <= 0) told("closed");
  }, 1_000);
  const stop = () => {
    over = true;
    clearInterval(timer);
    node.remove();
  };
  const told = (how) => {
    if (over) return;
    stop();
    end(how);
  };
  const say = (text, name) => {
    said.textContent = text;
    follow.textContent = name;
    follow.hidden = !name;
  };
  back.onclick = () => told("undo");
  follow.onclick = () => told("follow");
  say(text, words.follow ?? "");
  node.append(said, follow, back, button("close", "close", words.close, () => told("closed")));
  return Object.assign(node, { stop, told, say });
}
