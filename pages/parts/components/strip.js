// Every image of a conversation in one line, each with the number of its turn. It asks for its rows when it comes into
// sight, and only what is in sight is in the page.
//
// It tells `studio:open` and `studio:order` to the lightbox of the page, and Streamlit `continue` (an image's id).

import { fill, make, reducedMotion } from "./elements.js";
import { enlarge } from "./lightbox_open.js";

const CELL = 78, MARGIN = 8; // pixels from one image to the next; images that are drawn beyond what is seen
const NEXT = "M4 12h15M13 6l6 6-6 6";
const FOCUS_MS = 400; // until Streamlit has drawn what the next turn starts from

const strips = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const strip = strips.get(parentElement) ?? new Strip(parentElement, data);
  strips.set(parentElement, strip);
  strip.update(data, setTriggerValue);
  return () => {
    strips.delete(parentElement);
    strip.leave();
  };
}

class Strip {
  constructor(root, data) {
    Object.assign(this, { root, data, images: [], drawn: new Map(), current: 0 });
    this.node = make("div", "strip", "", { role: "list", "aria-label": data.words.strip });
    this.line = make("div", "line", "", { role: "presentation" });
    this.trouble = make("p", "trouble", "", { role: "alert", hidden: "" });
    this.node.append(this.line);
    root.append(this.node, this.trouble);
    this.node.onscroll = () => requestAnimationFrame(() => this.draw());
    this.node.onkeydown = (event) => this.#key(event);
    this.node.addEventListener("focusin", ({ target }) => this.#stood(target.closest(".cell")));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.node);
    this.sight = new IntersectionObserver(([seen]) => seen.isIntersecting && this.#begin());
    this.sight.observe(this.node);
    this.leaving = new AbortController();
    document.addEventListener("studio:shown", ({ detail }) => this.#follow(detail.id), this.leaving);
  }

  update(data, tell) {
    const news = this.data.mark !== data.mark, other = this.data.source !== data.source;
    Object.assign(this, { data, tell });
    if (news && this.begun) this.load();
    else if (other) this.#again();
  }

  leave() {
    this.leaving.abort();
    this.watch.disconnect();
    this.sight.disconnect();
    this.node.remove();
    this.trouble.remove();
  }

  #begin() {
    this.sight.disconnect();
    this.begun = true;
    this.load();
  }

  async load() {
    try {
      const answer = await fetch(`${location.origin}/api/conversations/${encodeURIComponent(this.data.conversation)}/strip`);
      if (!answer.ok) throw new Error(answer.status);
      this.#show((await answer.json()).images);
    } catch {
      if (!this.images.length) this.#fail();
    }
  }

  #show(images) {
    const known = this.images.length, { scrollLeft, clientWidth, scrollWidth } = this.node;
    const atEnd = scrollLeft + clientWidth > scrollWidth - CELL;
    const before = this.images[this.current]?.id;
    this.images = images;
    this.current = Math.max(0, known ? images.findIndex(({ id }) => id === before) : images.length - 1);
    this.trouble.hidden = true;
    this.line.style.width = `${Math.max(0, images.length * CELL - 6)}px`;
    this.#again();
    if (!known || atEnd) this.node.scrollTo({ left: images.length * CELL, behavior: known && !reducedMotion() ? "smooth" : "instant" });
    this.draw();
  }

  #fail() {
    const again = make("button", "", this.data.words.retry, { type: "button" });
    again.onclick = () => this.load();
    this.trouble.replaceChildren(make("span", "", this.data.words.failed), again);
    this.trouble.hidden = false;
  }

  #again() {
    const focused = this.node.contains(this.node.getRootNode().activeElement);
    this.line.replaceChildren();
    this.drawn.clear();
    this.draw();
    if (focused) this.#focus();
  }

  draw() {
    const { scrollLeft, clientWidth } = this.node;
    const from = Math.floor(scrollLeft / CELL) - MARGIN, to = Math.ceil((scrollLeft + clientWidth) / CELL) + MARGIN;
    for (const [at, cell] of this.drawn) {
      if ((at >= from && at <= to) || at === this.current) continue;
      cell.remove();
      this.drawn.delete(at);
    }
    const wanted = new Set([this.current]);
    for (let at = Math.max(0, from); at <= Math.min(to, this.images.length - 1); at++) wanted.add(at);
    let after = null;
    for (const at of [...wanted].sort((a, b) => a - b)) {
      if (!this.images[at]) continue;
      const cell = this.drawn.get(at) ?? this.#cell(at);
      if (cell !== (after ? after.nextSibling : this.line.firstChild)) after ? after.after(cell) : this.line.prepend(cell);
      after = cell;
    }
  }

  #cell(at) {
    const image = this.images[at], { words, locale, media, source } = this.data;
    const cell = make("div", "cell", "", { role: "listitem", "aria-setsize": this.images.length, "aria-posinset": at + 1 });
    const label = fill(words.nth, { n: image.position, model: image.model }, locale);
    const open = make("button", "open", "", { type: "button", title: label, "aria-label": label, tabindex: at === this.current ? 0 : -1 });
    open.style.backgroundImage = `url("${image.placeholder}")`;
    const picture = make("img", "", "", { src: `${media}${image.id}/256`, alt: "", decoding: "async", draggable: "false" });
    picture.onerror = () => picture.remove(); // its placeholder stays
    open.append(picture);
    if (this.images[at - 1]?.position !== image.position) open.append(make("span", "number", String(image.position), { "aria-hidden": "true" }));
    open.onclick = () => (this.#stand(at), this.open(at));
    const chosen = source === image.id;
    const word = chosen ? words.chosen : words.continue;
    const next = make("button", "next", "", { type: "button", title: word, "aria-label": `${word}: ${label}`, tabindex: -1, "aria-pressed": chosen });
    next.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${NEXT}"/></svg>`;
    next.onclick = () => this.goOn(at);
    cell.classList.toggle("chosen", chosen);
    cell.style.translate = `${at * CELL}px 0`;
    cell.append(open, next);
    this.drawn.set(at, cell);
    return cell;
  }

  open(at) {
    const items = this.images.map(({ id, w, h, placeholder }) => ({ id, width: w, height: h, placeholder }));
    const order = {
      total: items.length,
      indexOf: (id) => items.findIndex((item) => item.id === id),
      at: (index) => items[index],
      reach: async (index) => items[index] ?? null,
    };
    enlarge(items[at], order);
  }

  goOn(at) {
    this.tell("continue", this.images[at].id);
    setTimeout(() => this.data.box && document.querySelector(this.data.box)?.focus(), FOCUS_MS);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.key === "g") return this.goOn(this.current);
    const last = this.images.length - 1, { current } = this;
    const to = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#stand(Math.max(0, Math.min(last, to)));
    this.#focus();
  }

  #stand(at) {
    const before = this.drawn.get(this.current)?.querySelector(".open");
    if (before) before.tabIndex = -1;
    this.current = at;
    this.draw();
    this.drawn.get(at).querySelector(".open").tabIndex = 0;
    const { scrollLeft, clientWidth } = this.node;
    const left = Math.max(at * CELL - clientWidth + 2 * CELL, Math.min(scrollLeft, (at - 1) * CELL));
    this.node.scrollTo({ left, behavior: "instant" });
  }

  #stood(cell) {
    const at = [...this.drawn].find(([, drawn]) => drawn === cell)?.[0];
    if (at !== undefined && at !== this.current) this.#stand(at);
  }

  #focus() {
    this.drawn.get(this.current)?.querySelector(".open").focus({ preventScroll: true });
  }

  // The lightbox walked on.
  #follow(id) {
    const at = this.images.findIndex((image) => image.id === id);
    if (at >= 0 && at !== this.current) this.#stand(at);
  }
}
