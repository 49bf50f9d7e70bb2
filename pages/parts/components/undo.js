// A sentence with a button at the foot of the window. It waits while somebody points at it or has the keyboard in it.

import { button, make } from "./elements.js";

export default function ({ data, parentElement, setTriggerValue }) {
  if (parentElement.querySelector(".undo")) return;
  const bar = make("div", "undo", "", { role: "status" });
  const undo = make("button", "back", data.words.undo, { type: "button" });
  let over = false;
  const end = (told) => {
    if (over) return;
    over = true;
    bar.remove();
    clearInterval(timer);
    setTriggerValue("told", told);
  };
  undo.onclick = () => end("undo");
  const close = button("close", "close", data.words.close, () => end("closed"));
  bar.append(make("span", "", data.text), undo, close);
  parentElement.append(bar);
  let left = data.seconds;
  const timer = setInterval(() => {
    if (!bar.matches(":hover, :focus-within") && !document.hidden) left -= 1;
    if (left <= 0) end("closed");
  }, 1_000);
  return () => {
    clearInterval(timer);
    bar.remove();
  };
}
