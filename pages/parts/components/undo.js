// A sentence with a button at the foot of the window.

import { undoBar } from "./undo_bar.js";

export default function ({ data, parentElement, setTriggerValue }) {
  if (parentElement.querySelector(".undo")) return;
  const bar = undoBar(data, (how) => setTriggerValue("told", how));
  parentElement.append(bar);
  return () => bar.stop();
}
