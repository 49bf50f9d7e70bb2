// The picture itself: blurred at once, sharp when loaded, its original when somebody looks closer than the preview goes.

import { make } from "./elements.js";
import { gestures } from "./lightbox_gestures.js";
import { Zoom } from "./lightbox_zoom.js";

const CRISP = 200; // percent from which pixels are shown as they are

export class Stage {
  // `on` hears step(by), close() and came() when the picture is there.
  constructor(data, on) {
    this.data = data;
    this.on = on;
    this.node = make("div", "stage");
    this.under = make("img", "under", "", { alt: "", "aria-hidden": "true", draggable: "false" });
    this.main = make("img", "main", "", { decoding: "async", draggable: "false" });
    this.full = make("img", "main", "", { alt: "", "aria-hidden": "true", decoding: "async", draggable: "false" });
    this.trouble = make("div", "trouble", "", { role: "alert", hidden: "" });
    this.sheet = make("div", "shown");
    this.sheet.append(this.under, this.main, this.full);
    this.node.append(this.sheet, this.trouble);
    this.zoom = new Zoom(this.node, this.sheet, () => this.#zoomed());
    gestures(this.node, this.zoom, on);
  }

  leave() {
    this.zoom.leave();
  }

  show(item) {
    const { media, words } = this.data();
    this.item = item;
    this.trouble.hidden = true;
    this.under.src = item.placeholder ?? "";
    this.under.hidden = !item.placeholder;
    this.name(item.text ?? words.lightbox);
    this.#blank(this.main);
    this.#blank(this.full);
    this.main.onload = () => this.#came();
    this.main.onerror = () => this.#failed(words.unseen, () => this.show(item));
    this.main.src = `${media}${item.id}/preview`;
    this.node.style.setProperty("--shape", item.width ? item.width / item.height : 1); // so nothing moves when it comes
    this.zoom.begin(item.width ?? 0);
    this.#soften(item, media);
  }

  // What somebody hears who cannot see it.
  name(text) {
    this.main.alt = text;
  }

  clear() {
    this.item = null;
    this.#blank(this.main);
    this.#blank(this.full);
  }

  preload(id) {
    new Image().src = `${this.data().media}${id}/preview`;
  }

  // Or the picture before stays until this one is there.
  #blank(image) {
    image.onload = image.onerror = null;
    image.classList.remove("there");
    image.removeAttribute("src");
  }

  #came() {
    this.main.classList.add("there");
    this.zoom.width ||= this.main.naturalWidth;
    this.on.came();
  }

  // What is in the grid already is in the browser's cache, and far better than a placeholder.
  #soften(item, media) {
    const thumb = new Image();
    thumb.onload = () => this.item === item && ((this.under.hidden = false), (this.under.src = thumb.src));
    thumb.src = `${media}${item.id}/512`;
  }

  #zoomed() {
    const { percent, zoomed } = this.zoom;
    this.node.classList.toggle("zoomed", zoomed);
    this.node.classList.toggle("crisp", percent >= CRISP);
    this.changed?.(zoomed ? percent : null);
    if (zoomed && this.item && this.zoom.pixels >= this.main.naturalWidth) this.#sharpen();
  }

  #sharpen() {
    const { media, words } = this.data(), { full } = this;
    if (full.hasAttribute("src") || !this.main.classList.contains("there")) return;
    full.onload = () => full.classList.add("there");
    full.onerror = () => {
      this.#blank(full);
      this.#failed(words.blurry, () => ((this.trouble.hidden = true), this.#sharpen()));
    };
    full.src = `${media}${this.item.id}/full`;
  }

  #failed(text, again) {
    const retry = make("button", "", this.data().words.retry, { type: "button" });
    retry.onclick = again;
    this.trouble.replaceChildren(make("span", "", text), retry);
    this.trouble.hidden = false;
  }
}
