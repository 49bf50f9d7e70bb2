// The post kit: which images, what is in it, and a question first when an image has no alt text.
// It tells `document` studio:alt { id } when somebody wants to write it.

import { fill, make } from "./elements.js";
import { button, link } from "./post_pieces.js";

const screens = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const kit = screens.get(parentElement) ?? new Kit(parentElement);
  screens.set(parentElement, kit);
  kit.update(component.data);
  return () => {
    screens.delete(parentElement);
    kit.node.remove();
  };
}

class Kit {
  constructor(root) {
    this.node = make("div", "kit");
    root.append(this.node);
  }

  update(data) {
    const looks = JSON.stringify(data);
    if (looks === this.looks) return;
    this.looks = looks;
    this.data = data;
    this.asking = false;
    const chosen = data.images.some(({ selected }) => selected);
    this.which = chosen && this.which !== "all" ? "selected" : "all";
    this.draw();
  }

  draw() {
    const { words, images } = this.data;
    const focused = this.node.getRootNode().activeElement?.id;
    const nodes = [make("p", "holds", words.holds)];
    if (images.length > 1) nodes.push(this.choice());
    const missing = this.wanted().filter(({ alt }) => !alt);
    nodes.push(missing.length && this.asking ? this.question(missing) : this.download(missing));
    this.node.replaceChildren(...nodes);
    if (focused) this.node.querySelector(`#${focused}`)?.focus();
  }

  wanted() {
    return this.data.images.filter(({ selected }) => this.which === "all" || selected);
  }

  choice() {
    const { words, images, locale } = this.data;
    const box = make("fieldset", "choice");
    const several = fill(words.all, { n: images.length }, locale);
    box.append(make("legend", "unseen", words.which), this.radio("all", several), this.radio("selected", words.selected));
    return box;
  }

  radio(name, text) {
    const label = make("label"), input = make("input", "", "", { type: "radio", name: "which", value: name, id: `which-${name}` });
    input.checked = this.which === name;
    input.disabled = name === "selected" && !this.data.images.some(({ selected }) => selected);
    input.onchange = () => {
      this.which = name;
      this.asking = false;
      this.draw();
    };
    label.append(input, make("span", "", input.disabled ? this.data.words.noneSelected : text));
    return label;
  }

  download(missing) {
    const { words } = this.data;
    if (!missing.length) return this.link("primary", words.download, "");
    return button("primary", words.download, () => {
      this.asking = true;
      this.draw();
      this.node.querySelector(".question button").focus();
    }, "kit");
  }

  question(missing) {
    const { words, locale } = this.data;
    const box = make("div", "question", "", { role: "group", "aria-label": words.missing });
    const said = missing.length === 1 ? words.missingOne : fill(words.missingMany, { n: missing.length }, locale);
    const acts = make("div", "acts");
    acts.append(
      button("primary", words.writeAlt, () => document.dispatchEvent(new CustomEvent("studio:alt", { detail: { id: missing[0].id } }))),
      this.link("plain", words.anyway, "&alt=missing"),
    );
    box.append(make("p", "", said), acts);
    return box;
  }

  link(className, text, more) {
    const node = link(className, text, `/api/posts/${this.data.post}/kit.zip?images=${this.which}${more}`, "kit");
    node.download = "";
    return node;
  }
}
