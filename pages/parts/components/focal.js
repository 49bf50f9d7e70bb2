// The point of an image that crops keep to, moved by mouse, finger or arrow keys; and what each crop then shows.
// The same arithmetic as core/crops.py: the largest part of a shape, the point in its middle as far as the image reaches.

import { fill, make } from "./elements.js";

const REST_MS = 500; // after the last key, before a point is kept
const STEP = 0.01, LEAP = 0.1;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Focal {
  constructor(words, moved, kept) {
    this.words = words;
    this.moved = moved;
    this.kept = kept;
    this.node = make("div", "sight");
    this.point = make("div", "point", "", {
      role: "slider", tabindex: "0", "aria-label": words.focal, "aria-describedby": "focal-help", "aria-valuemin": "0", "aria-valuemax": "100",
    });
    this.node.append(this.point);
    this.node.onpointerdown = (event) => this.take(event);
    this.node.onpointermove = (event) => {
      if (this.held === event.pointerId) this.follow(event);
    };
    this.node.onpointerup = (event) => this.end(event);
    this.node.onpointercancel = (event) => {
      this.tapped = undefined;
      if (this.held === event.pointerId) this.let(event);
    };
    this.point.onkeydown = (event) => this.key(event);
  }

  get busy() {
    return this.held !== undefined || this.resting !== undefined;
  }

  put(x, y) {
    [this.x, this.y] = [x, y];
    this.point.style.left = `${x * 100}%`;
    this.point.style.top = `${y * 100}%`;
    this.point.setAttribute("aria-valuenow", Math.round(x * 100));
    this.point.setAttribute("aria-valuetext", fill(this.words.place, { x: Math.round(x * 100), y: Math.round(y * 100) }));
  }

  take(event) {
    if (event.button) return;
    // A finger on the image may be about to scroll: there only the point itself is dragged, and a tap moves it.
    if (event.pointerType === "touch" && event.target !== this.point) {
      this.tapped = event.pointerId;
      return;
    }
    event.preventDefault();
    this.held = event.pointerId;
    this.node.setPointerCapture(event.pointerId);
    this.point.focus({ preventScroll: true });
    this.follow(event);
  }

  follow({ clientX, clientY }) {
    const { left, top, width, height } = this.node.getBoundingClientRect();
    this.to(share((clientX - left) / width), share((clientY - top) / height));
  }

  end(event) {
    if (this.held === event.pointerId) return this.let(event);
    if (this.tapped !== event.pointerId) return;
    this.tapped = undefined;
    this.follow(event);
    this.kept(this.x, this.y);
  }

  let(event) {
    this.held = undefined;
    this.node.releasePointerCapture?.(event.pointerId);
    this.kept(this.x, this.y);
  }

  key(event) {
    const move = MOVES[event.key], centre = event.key === "Home";
    if (!move && !centre) return;
    event.preventDefault();
    const far = event.shiftKey ? LEAP : STEP;
    if (centre) this.to(0.5, 0.5);
    else this.to(share(this.x + move[0] * far), share(this.y + move[1] * far));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = undefined;
      this.kept(this.x, this.y);
    }, REST_MS);
  }

  to(x, y) {
    this.put(round(x), round(y));
    this.moved(this.x, this.y);
  }
}

// One small picture for each crop; `place` moves them all by style alone.
export class Crops {
  constructor(crops, words) {
    this.crops = crops;
    this.node = make("ul", "crops", "", { "aria-label": words.crops });
    this.views = crops.map((crop) => this.view(crop, words));
    this.node.append(...this.views.map(({ item }) => item));
  }

  view(crop, words) {
    const item = make("li", "crop"), frame = make("div", `window of-${crop.name}`), image = make("img", "", "", { alt: "" });
    frame.style.setProperty("--shape", `${crop.width} / ${crop.height}`);
    frame.append(image);
    if (crop.name === "9x16") frame.append(make("i", "bar top"), make("i", "bar bottom"));
    item.append(frame, make("span", "", `${crop.ratio}`), make("small", "", words.uses[crop.name]));
    return { crop, item, image };
  }

  show(variant, source) {
    this.variant = variant;
    for (const { image } of this.views) {
      image.style.backgroundImage = `url("${variant.placeholder}")`;
      if (image.getAttribute("src") !== source) image.src = source;
    }
  }

  place(x, y) {
    const { w, h } = this.variant;
    for (const { crop, image } of this.views) {
      const scale = Math.min(w / crop.width, h / crop.height);
      image.style.objectPosition = `${along(x * w, crop.width * scale, w)} ${along(y * h, crop.height * scale, h)}`;
    }
  }
}

// Where a part of this length starts, in per cent of the room it has: what `object-position` means.
function along(centre, part, whole) {
  const room = whole - part;
  return room <= 0 ? "50%" : `${(share((centre - part / 2) / room) * 100).toFixed(3)}%`;
}

const share = (value) => Math.min(1, Math.max(0, value));
const round = (value) => Math.round(value * 1e4) / 1e4;
