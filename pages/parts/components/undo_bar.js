// A sentence with a button. It waits while somebody points at it, has the keyboard in it, or looks elsewhere.

import { button, make } from "./elements.js";

// Calls once `end("undo")`, `end("follow")` (with `words.follow`: what depends on it goes the same way) or
// `end("closed")`. Returns its element, with `stop()` to take it away without a word.
export function undoBar({ text, seconds, words }, end) {
  const node = make("div", "undo", "", { role: "status" });
  const back = make("button", "back", words.undo, { type: "button" });
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
  back.onclick = () => told("undo");
  const follow = make("button", "back", words.follow, { type: "button" });
  follow.onclick = () => told("follow");
  node.append(make("span", "", text), ...(words.follow ? [follow] : []), back, button("close", "close", words.close, () => told("closed")));
  return Object.assign(node, { stop, told });
}
