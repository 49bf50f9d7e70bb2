// The picture itself: blurred at once, sharp when loaded, its neighbours fetched before they are asked for.

import { make } from "./elements.js";

const SWIPE = 48; // pixels

export class Stage {
  constructor(data, step) {
    this.data = data;
    this.node = make("div", "stage");
    this.under = make("img", "under", "", { alt: "", "aria-hidden": "true" });
    this.main = make("img", "main", "", { decoding: "async" });
    this.trouble = make("div", "trouble", "", { role: "alert", hidden: "" });
    const shown = make("div", "shown");
    shown.append(this.under, this.main);
    this.node.append(shown, this.trouble);
    this.#swipes(step);
  }

  show(item) {
    const { media, words } = this.data();
    this.trouble.hidden = true;
    this.under.src = item.placeholder ?? "";
    this.under.hidden = !item.placeholder;
    this.main.classList.remove("there");
    this.main.alt = item.text ?? words.lightbox;
    this.main.removeAttribute("src"); // or the picture before stays until this one is there
    this.main.onload = () => this.main.classList.add("there");
    this.main.onerror = () => this.#again(item);
    this.main.src = `${media}${item.id}/preview`;
    this.#sized(item);
    this.#soften(item, media);
  }

  clear() {
    this.main.onerror = null;
    this.main.removeAttribute("src");
  }

  preload(id) {
    if (id) new Image().src = `${this.data().media}${id}/preview`;
  }

  // What is in the grid already is in the browser's cache, and far better than a placeholder.
  #soften(item, media) {
    const thumb = new Image();
    thumb.onload = () => this.main.src.includes(item.id) && ((this.under.hidden = false), (this.under.src = thumb.src));
    thumb.src = `${media}${item.id}/512`;
  }

  // The box has the picture's shape from the start, so nothing moves when it comes.
  #sized({ width, height }) {
    this.node.style.setProperty("--shape", width ? width / height : 1);
  }

  #again(item) {
    const { words } = this.data();
    const retry = make("button", "", words.retry, { type: "button" });
    retry.onclick = () => this.show(item);
    this.trouble.replaceChildren(make("span", "", words.unseen), retry);
    this.trouble.hidden = false;
  }

  #swipes(step) {
    let from = null;
    this.node.addEventListener("pointerdown", (event) => (from = event.pointerType === "touch" ? event : null));
    this.node.addEventListener("pointerup", (event) => {
      const x = from ? event.clientX - from.clientX : 0, y = from ? event.clientY - from.clientY : 0;
      from = null;
      if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) step(x > 0 ? -1 : 1);
    });
  }
}
