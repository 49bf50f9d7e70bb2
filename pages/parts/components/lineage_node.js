// One turn on the map: its pictures, its number, what made it, what it cost and how long it took.

import { make } from "./elements.js";
import { facts, models, spoken, standing } from "./lineage_words.js";

const MOST = 4; // pictures

// `mark` is its place among the two to compare, or -1; `sharp` is false where a picture is a few pixels large. `on` hears
// pick(id), open(id) and fold(id).
export function node(tree, id, data, { current, mark, sharp, on }) {
  const shown = tree.get(id), below = tree.below.get(id);
  const box = make("div", "node", "", { "data-id": id, "aria-label": spoken(shown, tree, data), ...within(tree, id, current) });
  if (below) box.setAttribute("aria-expanded", !tree.folded.has(id));
  box.classList.toggle("outside", Boolean(shown.outside));
  if (mark >= 0) box.append(make("span", "mark", data.words.marks[mark]));
  box.append(
    pictures(shown, data, sharp), make("span", "number", number(shown)),
    make("p", "models", models(shown, data)), make("p", "facts", facts(shown, data)),
  );
  if (below) box.append(knob(tree, id, below, data.words, on));
  box.onclick = () => on.pick(id);
  box.ondblclick = () => on.open(id);
  return box;
}

// Where it is in the tree, as it is heard: the page holds only a part of it.
function within(tree, id, current) {
  const siblings = tree.siblings(id);
  return {
    role: "treeitem", "aria-level": tree.places.get(id).column + 1, "aria-setsize": siblings.length,
    "aria-posinset": siblings.indexOf(id) + 1, "aria-selected": current, tabindex: current ? 0 : -1,
  };
}

function number({ outside, conversation, position }) {
  if (outside) return conversation ? "↗" : "↑";
  return String(position);
}

function pictures(shown, data, sharp) {
  const { media, words } = data;
  const box = make("div", "pictures"), images = shown.images.slice(0, MOST), stands = standing(shown, data);
  box.dataset.count = images.length;
  for (const image of images) {
    const part = make("span", "picture");
    part.style.backgroundImage = `url("${image.placeholder}")`;
    if (sharp) part.append(thumb(`${media}${image.id}/256`));
    if (image.selected) part.append(make("span", "chosen", "✓", { title: words.selected }));
    box.append(part);
  }
  if (stands) box.append(make("span", images.length ? "stands" : "stands alone", stands));
  if (shown.images.length > MOST) box.append(make("span", "more", `+${shown.images.length - MOST}`));
  return box;
}

function thumb(src) {
  const image = make("img", "", "", { src, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  image.onerror = () => image.remove(); // its placeholder stays
  return image;
}

// For the mouse; the keyboard has its key, and who listens hears the node's own state.
function knob(tree, id, below, words, on) {
  const folded = tree.folded.has(id);
  const text = folded ? `+${below}` : "−", title = folded ? words.unfold : words.fold;
  const box = make("span", folded ? "fold folded" : "fold", text, { "aria-hidden": "true", title });
  box.onclick = (event) => (event.stopPropagation(), on.fold(id));
  box.ondblclick = (event) => event.stopPropagation();
  return box;
}
