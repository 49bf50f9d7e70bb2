// A link that can be seen once, with a button that copies it.

import { make } from "./elements.js";

const SAID_FOR = 3_000;

export default function ({ data, parentElement }) {
  if (parentElement.querySelector(".shared")) return;
  const box = make("div", "shared");
  const field = make("input", "", "", { readonly: "", "aria-label": data.words.link });
  field.value = location.origin + data.path;
  field.onfocus = () => field.select();
  const button = make("button", "", data.words.copy, { type: "button" });
  const said = make("span", "unseen", "", { role: "status" });
  let timer;
  button.onclick = async () => {
    const word = (await copied(field)) ? data.words.copied : data.words.press;
    said.textContent = button.textContent = word;
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = data.words.copy;
      said.textContent = "";
    }, SAID_FOR);
  };
  box.append(field, button, said);
  parentElement.append(box);
}

// The clipboard is there only on https and on this machine; elsewhere the old way does it, or the person.
async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return document.execCommand("copy");
  }
}
