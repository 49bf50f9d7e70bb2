// Images that answer an ask already, side by side: what each is, and a button to use it instead of paying again.

import { button, icon, make } from "./elements.js";

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ul");
  if (!list) parentElement.append((list = make("ul")));
  const shown = JSON.stringify(data.images);
  if (list.shown === shown) return;
  list.shown = shown;
  list.replaceChildren(...data.images.map((image) => item(image, data, (id) => setTriggerValue("use", id))));
}

function item(image, { media, words }, use) {
  const entry = make("li");
  entry.append(picture(image, media, words, use), facts(image), button("use", "check", words.use, () => use(image.id), true));
  return entry;
}

function picture(image, media, words, use) {
  const frame = make("button", "picture", "", { type: "button", tabindex: "-1", "aria-label": `${words.use}: ${image.model}` });
  Object.assign(frame.style, { aspectRatio: `${image.w} / ${image.h}`, backgroundImage: `url("${image.placeholder}")` });
  const shown = make("img", "", "", { alt: "", decoding: "async", src: `${media}${image.id}/512`, width: image.w, height: image.h });
  shown.onload = () => (frame.style.backgroundImage = "none");
  frame.append(shown, ...marks(image, words));
  frame.onclick = () => use(image.id);
  return frame;
}

function marks(image, words) {
  return [["starred", "starred"], ["selected", "choose"]].filter(([mark]) => image[mark]).map(([mark, name]) => {
    const badge = make("span", `mark ${mark}`, "", { role: "img", "aria-label": words[mark], title: words[mark] });
    badge.append(icon(name));
    return badge;
  });
}

function facts(image) {
  const lines = make("p", "facts");
  lines.append(make("strong", "", image.model), make("span", "", image.facts));
  return lines;
}
