// All about the node that the map stands on, and what can be done with its images.

import { fill, make, moment } from "./elements.js";
import { act } from "./lineage_icons.js";
import { cost, facts, models, others, runs, standing, swap, turnName } from "./lineage_words.js";

export class Panel {
  // `on` hears pick(id), image(place), open(), go_on(), mark(), with_parent(), fold() and leave(conversation).
  constructor(data, on) {
    Object.assign(this, { data, on });
    this.node = make("aside", "panel", "", { "aria-label": data().words.about_turn });
  }

  // `place` says which of the node's images is meant; `marked` whether it is one of the two to compare.
  show(tree, node, place, { marked, waiting }) {
    const data = this.data();
    const at = this.node.scrollTop, same = this.shown === node.id;
    this.shown = node.id;
    this.node.replaceChildren(...[
      this.#head(tree, node, data),
      this.#picture(node, place, data),
      node.images.length > 1 && this.#strip(node, place, data),
      this.#actions(tree, node, place, { marked, waiting }, data),
      this.#change(node, data),
      this.#facts(node, data),
    ].filter(Boolean));
    this.node.scrollTop = same ? at : 0;
  }

  #head(tree, node, data) {
    const { words, locale } = data;
    const head = make("header");
    head.append(make("h2", "", turnName(node, data)));
    const parent = tree.get(tree.parent(node.id));
    if (parent) {
      const maker = parent.images.find(({ id }) => id === node.from)?.model;
      const name = [turnName(parent, data, true), maker].filter(Boolean).join(", ");
      const up = make("button", "derived", fill(words.derived, { name }, locale), { type: "button" });
      up.onclick = () => this.on.pick(parent.id);
      head.append(up);
    } else if (!node.outside) head.append(make("p", "soft", words.fromWords));
    return head;
  }

  #picture(node, place, { media, words }) {
    const image = node.images[place];
    if (!image) return make("p", "none", standing(node, this.data()));
    const box = make(openable(node) ? "button" : "div", "large");
    if (openable(node)) {
      box.type = "button";
      box.title = words.open;
      box.onclick = () => this.on.open();
    }
    box.style.setProperty("--shape", image.w / image.h);
    box.style.backgroundImage = `url("${image.placeholder}")`;
    const picture = make("img", "", "", { src: `${media}${image.id}/512`, alt: image.alt || `${image.model ?? ""} ${node.prompt}`.trim().slice(0, 160) });
    picture.onerror = () => box.replaceChildren(make("span", "missing", words.unseen));
    box.append(picture);
    return box;
  }

  #strip(node, place, { media, words, locale }) {
    const strip = make("div", "strip", "", { role: "group", "aria-label": fill(words.images, { n: node.images.length }, locale) });
    node.images.forEach((image, at) => {
      const label = fill(words.nth, { n: at + 1, label: image.model }, locale);
      const one = make("button", "", "", { type: "button", title: label, "aria-label": label, "aria-pressed": at === place });
      one.style.backgroundImage = `url("${image.placeholder}")`;
      one.append(make("img", "", "", { src: `${media}${image.id}/256`, alt: "" }));
      one.onclick = () => this.on.image(at);
      strip.append(one);
    });
    return strip;
  }

  #actions(tree, node, place, { marked, waiting }, { words, locale }) {
    const bar = make("div", "actions"), parent = tree.get(tree.parent(node.id));
    const image = node.images[place];
    if (image && !node.trashed) bar.append(act("act primary", "next", words.go_on, () => this.on.go_on(), true));
    if (openable(node)) bar.append(act("act", "open", words.open, () => this.on.open(), true));
    if (image && parent?.images.length) {
      const name = turnName(parent, this.data(), true);
      bar.append(act("act", "compare", fill(words.with_parent, { name }, locale), () => this.on.with_parent(), true));
    }
    if (image) {
      const word = marked ? words.unmark : waiting ? fill(words.with_marked, { name: waiting }, locale) : words.mark;
      bar.append(act("act", "compare", word, () => this.on.mark(), true));
      bar.lastChild.setAttribute("aria-pressed", marked);
    }
    if (node.conversation && node.title) bar.append(act("act", "conversation", words.other, () => this.on.leave(node.conversation), true));
    const below = tree.below.get(node.id);
    if (below) {
      const word = tree.folded.has(node.id) ? words.unfold_n : words.fold_n;
      bar.append(act("act", "fold", fill(word, { n: below }, locale), () => this.on.fold(), true));
    }
    return bar.childElementCount ? bar : null;
  }

  #change(node, { words }) {
    const box = make("section", "change");
    box.append(make("h3", "", node.change ? words.changed : words.prompt));
    const text = make("p", "prompt");
    text.append(...(node.change ? runs(words, node.change.words) : [make("span", "", node.prompt || words.fromUpload)]));
    box.append(text);
    const changed = node.change ? others(node.change, words) : [];
    if (changed.length) box.append(list(changed.map(([name, before, after]) => [name, swap(before, after)])));
    return box;
  }

  #facts(node, data) {
    const { words, locale } = data;
    if (node.outside) return node.trashed ? make("p", "soft", facts(node, data)) : null;
    const took = node.ms === null ? "" : `${(node.ms / 1000).toLocaleString(locale, { maximumFractionDigits: 1 })} s`;
    return list([
      [words.model, models(node, data)],
      [words.cost, cost(node, data)],
      [words.duration, took],
      [words.status, standing(node, data)],
      [words.date, moment(node.asked, locale)],
    ]);
  }
}

// The lightbox shows what is in the gallery: made here, and not thrown away.
export function openable(node) {
  return node.images.length > 0 && !node.trashed && !(node.outside && !node.conversation);
}

function list(pairs) {
  const box = make("dl", "pairs");
  for (const [name, value] of pairs.filter(([, value]) => value)) {
    const told = make("dd");
    told.append(value);
    box.append(make("dt", "", name), told);
  }
  return box;
}
