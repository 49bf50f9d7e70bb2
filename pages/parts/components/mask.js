// A part of an image to change: painted here, kept by the studio as a mask (white = change) of the image's own size.
// Streamlit hears `mask`: { id, source } of the mask that counts, null when nothing is painted.
// The strokes stay in this tab, so that somebody who looks at another screen can paint on.

import { fill, make } from "./elements.js";
import { icon } from "./mask_icons.js";
import { Painter } from "./mask_painter.js";
import { png } from "./mask_png.js";
import { Strokes } from "./mask_strokes.js";

const STORED = "studio-mask"; // one at a time: the newest is what somebody comes back to
const masks = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const mask = masks.get(parentElement) ?? new Mask(component);
  masks.set(parentElement, mask);
  mask.update(component);
  return () => {
    masks.delete(parentElement);
    mask.leave();
  };
}

class Mask {
  constructor({ parentElement, data }) {
    this.root = parentElement;
    this.node = make("div", "part");
    this.brush = { tool: "brush", size: 0 };
    this.root.append(this.node);
    this.begin(data, stored(data) ?? (data.mask ? { id: data.mask, share: null, strokes: [] } : null));
  }

  update({ data, setStateValue }) {
    this.set = setStateValue;
    if (data.source.id !== this.data.source.id) {
      this.painter?.leave();
      this.painter = null;
      this.begin(data, stored(data));
    }
    this.data = data;
    if ((this.kept?.id ?? null) !== data.mask && this.said !== this.kept) this.tell();
    this.draw();
  }

  begin(data, kept) {
    this.data = data;
    this.kept = kept;
    this.said = data.mask === (kept?.id ?? null) ? kept : undefined;
    this.brush.size = 0;
    this.strokes = new Strokes(kept?.strokes);
  }

  leave() {
    this.painter?.leave();
    this.node.remove();
  }

  tell() {
    this.said = this.kept;
    this.set("mask", this.kept && { id: this.kept.id, source: this.data.source.id });
  }

  // ---- painting and keeping ----

  paint() {
    this.painter = new Painter(this.root, this.data, this.strokes, this.brush, {
      finish: () => this.keep(),
      closed: () => {
        this.painter = null;
        this.draw();
        this.node.querySelector("button").focus({ preventScroll: true });
      },
    });
  }

  async keep() {
    const { width, height } = this.data.source;
    const { file, white } = await png(width, height, (context) => this.strokes.replay(context, width, height));
    const id = white ? await send(file, this.data.words) : null;
    this.kept = id && { id, share: white / (width * height), strokes: [...this.strokes.done] };
    store(this.data, this.kept);
    this.tell();
  }

  remove() {
    this.kept = null;
    this.strokes = new Strokes();
    store(this.data, null);
    this.tell();
    this.draw();
    this.node.querySelector("button").focus({ preventScroll: true });
  }

  // ---- what is seen while nobody paints ----

  draw() {
    const { words } = this.data;
    const changed = !this.strokes.same(this.kept?.strokes ?? []);
    const looks = `${this.kept?.id} ${changed} ${this.data.source.id} ${words.open}`;
    if (looks === this.looks) return;
    this.looks = looks;
    const painted = this.kept || changed;
    const open = this.button("open", painted ? words.again : words.open, () => this.paint());
    const nodes = painted ? [this.told(changed, open)] : [open];
    if (this.kept?.strokes.length) nodes.unshift(this.small());
    this.node.replaceChildren(...nodes);
  }

  told(changed, open) {
    const { words, locale } = this.data;
    const told = make("div", "told");
    told.append(make("p", "", changed ? words.unused : part(words, this.kept.share, locale)));
    told.append(open, this.button("remove", words.remove, () => this.remove()));
    return told;
  }

  button(name, label, onclick) {
    const button = make("button", name, "", { type: "button" });
    if (name === "open") button.append(icon("mask"));
    button.append(make("span", "", label));
    button.onclick = onclick;
    return button;
  }

  // The image with what is painted on it, as small as the pictures of an ask.
  small() {
    const { source, small, words } = this.data;
    const figure = make("figure", "small", "", { role: "img", "aria-label": words.small });
    figure.style.backgroundImage = `url("${small}"), url("${source.placeholder}")`;
    const scale = Math.max(152 / source.width, 152 / source.height);
    const canvas = Object.assign(make("canvas", "paint"), {
      width: Math.ceil(source.width * scale), height: Math.ceil(source.height * scale),
    });
    const context = canvas.getContext("2d");
    context.setTransform(canvas.width / source.width, 0, 0, canvas.height / source.height, 0, 0);
    context.fillStyle = context.strokeStyle = getComputedStyle(this.node).getPropertyValue("--st-primary-color");
    new Strokes(this.kept.strokes).replay(context, source.width, source.height);
    figure.append(canvas);
    return figure;
  }
}

function part(words, share, locale) {
  if (share == null) return words.kept;
  const n = share < 1 ? Math.min(99, Math.max(1, Math.round(share * 100))) : 100;
  return fill(words.counts, { n }, locale);
}

// The image's id under which the studio keeps this mask. Throws an Error with a sentence for the person.
async function send(file, words) {
  const reply = await fetch("/api/uploads?role=mask", { method: "POST", headers: { "X-Studio": "1" }, body: file }).catch(() => {
    throw new Error(words.unreachable);
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error ?? words.unreachable);
  return answer.id;
}

// ---- what this tab remembers ----

function store({ key, source }, kept) {
  try {
    if (kept) sessionStorage.setItem(STORED, JSON.stringify({ key, source: source.id, kept }));
    else sessionStorage.removeItem(STORED);
  } catch {
    // No room or not allowed: the mask itself is kept by the studio, only painting on begins anew.
  }
}

function stored({ key, source }) {
  try {
    const known = JSON.parse(sessionStorage.getItem(STORED));
    return known?.key === key && known.source === source.id ? known.kept : null;
  } catch {
    return null;
  }
}
