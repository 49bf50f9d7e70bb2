// Two images under one slider: the first on the left of it, the second on the right.

import { make } from "./elements.js";
import { act } from "./lineage_icons.js";

const STEP = 2, FAR = 10; // percent
const MIDDLE = 50;

export class Compare {
  // `close` is called to go back to the map.
  constructor(data, close) {
    this.data = data;
    const { words } = data();
    this.node = make("section", "compare", "", { "aria-label": words.compareTitle });
    this.bar = make("header");
    this.title = make("h2");
    this.bar.append(act("act", "back", words.back, close, true), this.title);
    this.pair = make("div", "pair");
    this.divider = make("div", "divider", "", {
      role: "slider", tabindex: "0", "aria-label": words.divider, "aria-valuemin": "0", "aria-valuemax": "100",
    });
    this.divider.append(make("span", "handle", "", { "aria-hidden": "true" }));
    this.prompts = make("div", "prompts");
    const stage = make("div", "two");
    stage.append(this.pair);
    this.node.append(this.bar, stage, this.prompts);
    this.divider.onkeydown = (event) => this.#key(event);
    this.pair.onpointerdown = (event) => this.#hold(event);
    this.node.hidden = true;
  }

  // Each side is { id, w, h, label, prompt }.
  show(sides) {
    const { media, words } = this.data();
    this.sides = sides;
    this.title.textContent = `${sides[0].label} ↔ ${sides[1].label}`;
    this.pair.style.setProperty("--shape", sides[0].w / sides[0].h);
    const pictures = sides.map((side, place) => picture(side, ["first", "second"][place], media, words));
    const labels = sides.map((side, place) => make("span", `label ${["left", "right"][place]}`, side.label));
    this.pair.replaceChildren(...pictures, ...labels, this.divider);
    this.prompts.replaceChildren(...sides.map((side) => {
      const box = make("div");
      box.append(make("h3", "", side.label), make("p", "", side.prompt));
      return box;
    }));
    this.node.hidden = false;
    this.#at(MIDDLE);
    this.divider.focus({ preventScroll: true });
  }

  hide() {
    this.node.hidden = true;
    this.pair.replaceChildren(this.divider);
  }

  #at(percent) {
    this.percent = Math.max(0, Math.min(100, percent));
    this.pair.style.setProperty("--at", `${this.percent}%`);
    this.divider.setAttribute("aria-valuenow", Math.round(this.percent));
    this.divider.setAttribute("aria-valuetext", `${Math.round(this.percent)} %: ${this.sides[0].label}`);
  }

  #key(event) {
    const { percent } = this;
    const to = {
      ArrowLeft: percent - STEP, ArrowDown: percent - STEP, ArrowRight: percent + STEP, ArrowUp: percent + STEP,
      PageDown: percent - FAR, PageUp: percent + FAR, Home: 0, End: 100,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#at(to);
  }

  #hold(event) {
    if (event.button) return;
    event.preventDefault();
    const { pair } = this;
    const follow = ({ clientX }) => {
      const { left, width } = pair.getBoundingClientRect();
      this.#at(((clientX - left) / width) * 100);
    };
    pair.setPointerCapture(event.pointerId);
    pair.onpointermove = follow;
    pair.onpointerup = pair.onpointercancel = () => (pair.onpointermove = null);
    follow(event);
    this.divider.focus({ preventScroll: true });
  }
}

function picture(side, className, media, words) {
  const image = make("img", className, "", { alt: `${side.label}: ${side.prompt.slice(0, 120)}`, draggable: "false" });
  image.style.backgroundImage = `url("${media}${side.id}/512")`; // there already, while the large one comes
  image.onerror = () => image.replaceWith(make("p", `missing ${className}`, words.unseen, { role: "alert" }));
  image.src = `${media}${side.id}/preview`;
  return image;
}
