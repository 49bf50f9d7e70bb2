// Text onto the clipboard; true when it is there.

import { make } from "./elements.js";

export async function copy(text, root) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return selected(text, root); // no permission, or a page over plain http
  }
}

function selected(text, root) {
  const before = root.getRootNode().activeElement;
  const area = make("textarea", "unseen", "", { "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  root.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}
