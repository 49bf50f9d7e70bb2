// The images of a post: one large with its focal point, crops and alt text, the others in a strip; one is selected.
// Streamlit hears `wishes`: select, unselect, focus and alt (see wishes.js).
// It listens on `document` to studio:alt { id }: show this image and let somebody write its alt text.

import { fill, make } from "./elements.js";
import { Crops, Focal } from "./focal.js";
import { enlarge } from "./lightbox_open.js";
import { points } from "./post_count.js";
import { button, link } from "./post_pieces.js";
import { Wishes } from "./wishes.js";

const screens = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const images = screens.get(parentElement) ?? new Images(component);
  screens.set(parentElement, images);
  images.update(component);
  return () => {
    screens.delete(parentElement);
    images.leave();
  };
}

class Images {
  constructor({ parentElement, data }) {
    this.data = data;
    this.wishes = new Wishes();
    this.node = make("div", "images");
    parentElement.append(this.node);
    const one = ({ id }) => id === data.shown; // that somebody came from
    this.shown = (data.variants.find(one) ?? data.variants.find(({ selected }) => selected) ?? data.variants[0]).id;
    this.build(data);
    this.leaving = new AbortController();
    document.addEventListener("studio:alt", ({ detail }) => this.describe(detail.id), { signal: this.leaving.signal });
  }

  update(component) {
    const { data } = component;
    this.data = data;
    for (const { wish, error } of this.wishes.heard(component)) this.answered(wish, error);
    if (!data.variants.some(({ id }) => id === this.shown)) this.shown = data.variants[0].id;
    this.draw();
  }

  leave() {
    this.leaving.abort();
    this.node.remove();
  }

  get variant() {
    return this.data.variants.find(({ id }) => id === this.shown);
  }

  answered(wish, error) {
    this.trouble.textContent = error ?? "";
    if (wish !== this.keeping) return;
    this.keeping = null;
    this.say(error ? "" : this.data.words.altSaved);
  }

  // ---- the page ----

  build({ words, crops }) {
    this.focal = new Focal(words, (x, y) => this.crops.place(x, y), (x, y) => this.focus(x, y));
    this.crops = new Crops(crops, words);
    this.picture = make("img", "large", "", { draggable: "false" });
    this.picture.onload = () => this.picture.classList.add("there");
    this.stage = make("figure", "stage");
    this.badge = make("span", "badge", words.practice);
    this.sheet = make("div", "sheet");
    this.sheet.append(this.picture, this.focal.node);
    this.stage.append(this.sheet, this.badge);
    this.strip = make("ul", "strip", "", { "aria-label": words.variants });
    this.facts = make("p", "facts");
    this.trouble = make("p", "trouble", "", { role: "alert" });
    this.told = make("p", "told", "", { role: "status" });
    const help = make("p", "help", words.focalHelp, { id: "focal-help" });
    this.node.append(this.stage, this.strip, this.bar(words), this.trouble, this.alt(words), this.cropping(words, help), this.told);
  }

  bar(words) {
    this.choose = button("choose", words.select, () => this.select(), "check");
    this.open = button("plain", words.open, () => this.large(), "open");
    this.create = link("plain", words.create, "", "create");
    this.create.target = "_self";
    this.save = link("plain", words.download, "", "download");
    this.save.download = "";
    const acts = make("div", "acts");
    acts.append(this.choose, this.open, this.create, this.save);
    const bar = make("div", "bar-of");
    bar.append(this.facts, acts);
    return bar;
  }

  alt(words) {
    const box = make("div", "alt");
    this.area = make("textarea", "", "", { id: "alt", rows: "2", placeholder: words.altWrite, "aria-describedby": "alt-count" });
    this.count = make("p", "meter", "", { id: "alt-count" });
    this.area.oninput = () => this.counted();
    this.area.onchange = () => this.keepAlt();
    this.area.onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // an alt text is one paragraph
      this.keepAlt();
    };
    box.append(make("label", "", words.alt, { for: "alt" }), this.area, this.count);
    return box;
  }

  cropping(words, help) {
    const box = make("div", "cropping");
    box.append(make("h3", "", words.crops), help, this.crops.node);
    return box;
  }

  // ---- what somebody does ----

  show(id) {
    this.keepAlt();
    this.shown = id;
    this.draw();
  }

  select() {
    const { id, selected } = this.variant;
    for (const variant of this.data.variants) variant.selected = variant.id === id && !selected;
    this.wishes.tell(selected ? "unselect" : "select", { id });
    this.say(selected ? "" : this.data.words.isSelected);
    this.draw();
  }

  focus(x, y) {
    [this.variant.x, this.variant.y] = [x, y];
    this.wishes.tell("focus", { id: this.shown, x, y });
  }

  keepAlt() {
    const { variant } = this, text = this.area.value.trim();
    if (this.drawn !== variant.id || text === variant.alt) return;
    variant.alt = text;
    this.keeping = this.wishes.tell("alt", { id: variant.id, text });
  }

  describe(id) {
    if (id !== this.shown) this.show(id);
    this.area.focus();
    this.area.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  large() {
    const { id, w, h, placeholder, alt } = this.variant;
    enlarge({ id, width: w, height: h, placeholder, text: alt });
  }

  // ---- drawing ----

  draw() {
    const { variant } = this, { words, media, variants } = this.data;
    const fresh = this.drawn !== variant.id;
    if (fresh) this.paint(variant, media);
    if (!this.focal.busy) {
      this.focal.put(variant.x, variant.y);
      this.crops.place(variant.x, variant.y);
    }
    if (fresh || (this.area.getRootNode().activeElement !== this.area && !this.wishes.open.length)) this.area.value = variant.alt;
    this.drawn = variant.id;
    this.counted();
    this.facts.replaceChildren(make("b", "", variant.model), ...variant.facts.map((fact) => make("span", "", fact)));
    this.badge.hidden = !variant.practice;
    this.choose.setAttribute("aria-pressed", variant.selected);
    this.choose.lastChild.textContent = variant.selected ? words.selected : words.select;
    this.strip.hidden = variants.length < 2;
    this.strip.replaceChildren(...variants.map((one, place) => this.thumb(one, place)));
  }

  paint(variant, media) {
    this.sheet.style.setProperty("--shape", variant.w / variant.h);
    this.sheet.style.backgroundImage = `url("${variant.placeholder}")`;
    this.picture.classList.remove("there");
    this.picture.src = `${media}${variant.id}/preview`;
    this.picture.alt = variant.alt;
    this.crops.show(variant, `${media}${variant.id}/512`);
    this.create.href = `/?source=${variant.id}`;
    this.save.href = `${media}${variant.id}/download`;
  }

  thumb(variant, place) {
    const { words, media } = this.data;
    const item = make("li"), n = place + 1;
    const label = fill(variant.selected ? words.nthSelected : words.nth, { n, model: variant.model });
    const one = make("button", "thumb", "", { type: "button", "aria-label": label, title: label });
    one.style.backgroundImage = `url("${variant.placeholder}")`;
    one.append(make("img", "", "", { src: `${media}${variant.id}/256`, alt: "" }));
    if (variant.id === this.shown) one.setAttribute("aria-current", "true");
    if (variant.selected) one.append(make("i", "mark"));
    if (!variant.alt) one.append(make("i", "lacks"));
    one.onclick = () => {
      this.show(variant.id);
      this.strip.children[place].firstChild.focus();
    };
    item.append(one);
    return item;
  }

  counted() {
    const { words, locale, altMost } = this.data, n = points(this.area.value.trim());
    this.count.textContent = n ? fill(n > altMost ? words.altLong : words.altCount, { n, most: altMost }, locale) : words.altNone;
    this.count.classList.toggle("over", n > altMost || !n);
  }

  say(text) {
    this.told.textContent = text;
  }
}
