// The map itself: only what is in sight is in the page, however long the conversation; edges are two lines in all.

import { make, reducedMotion } from "./elements.js";
import { node } from "./lineage_node.js";
import { edge } from "./lineage_words.js";

const NODE = { width: 152, height: 152 }, GAP = { x: 214, y: 26 }, PAD = 44;
const PITCH = { x: NODE.width + GAP.x, y: NODE.height + GAP.y };
const ZOOMS = [0.1, 0.15, 0.22, 0.33, 0.5, 0.67, 0.85, 1, 1.25, 1.6];
const FAR = 0.5, FARTHEST = 0.25; // words cannot be read any more; pictures are a few pixels
const MARGIN = 300, MOVED = 100; // pixels drawn around what is in sight, and scrolled before it is drawn anew
const SVG = "http://www.w3.org/2000/svg";

export class View {
  // `on` hears pick(id), open(id) and fold(id).
  constructor(data, on) {
    Object.assign(this, { data, on, zoom: 1, current: null, marked: [], found: new Set() });
    this.node = make("div", "view");
    this.sheet = make("div", "sheet");
    this.world = make("div", "world", "", { role: "tree", "aria-label": data().words.tree, "aria-orientation": "horizontal" });
    this.lines = document.createElementNS(SVG, "svg");
    this.lines.setAttribute("aria-hidden", "true");
    [this.plain, this.trail] = ["plain", "trail"].map((name) => line(this.lines, name));
    this.world.append(this.lines);
    this.sheet.append(this.world);
    this.node.append(this.sheet);
    this.drawn = new Map();
    this.node.onscroll = () => this.#soon();
    this.node.onwheel = (event) => this.#wheel(event);
    this.node.onpointerdown = (event) => this.#drag(event);
    this.watch = new ResizeObserver(() => this.tree && this.#measure());
    this.watch.observe(this.node);
  }

  leave() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }

  show(tree) {
    this.tree = tree;
    this.#again();
    this.#measure();
  }

  // Another look at nodes whose words changed: marked, found, folded.
  refresh() {
    this.#again();
    this.draw();
  }

  #again() {
    const focused = this.node.contains(this.node.getRootNode().activeElement);
    for (const { node, label } of this.drawn.values()) (node.remove(), label?.remove());
    this.drawn.clear();
    this.refocus ||= focused;
  }

  go(id, { focus = true, calm = false } = {}) {
    this.#untab(this.drawn.get(this.current)?.node);
    this.current = id;
    this.draw();
    const { node } = this.drawn.get(id);
    node.tabIndex = 0;
    node.setAttribute("aria-selected", "true");
    this.reveal(id, calm);
    if (focus) node.focus({ preventScroll: true });
  }

  #untab(node) {
    if (!node) return;
    node.tabIndex = -1;
    node.setAttribute("aria-selected", "false");
  }

  // Bring a node into sight, with room for its edge.
  reveal(id, calm = false) {
    const { x, y } = this.#point(id), { zoom, node } = this;
    const left = (x - GAP.x) * zoom + this.origin.x, right = (x + NODE.width + 60) * zoom + this.origin.x;
    const top = y * zoom + this.origin.y - 30, bottom = (y + NODE.height) * zoom + this.origin.y + 30;
    const to = {
      left: between(node.scrollLeft, right - node.clientWidth, left),
      top: between(node.scrollTop, bottom - node.clientHeight, top),
    };
    if (to.left !== node.scrollLeft || to.top !== node.scrollTop)
      node.scrollTo({ ...to, behavior: calm || reducedMotion() ? "auto" : "smooth" });
  }

  // ---- zoom ----

  step(by) {
    const at = ZOOMS.findIndex((zoom) => zoom >= this.zoom - 1e-6);
    this.scale(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + by))]);
  }

  fit(most = 1) {
    const { clientWidth, clientHeight } = this.node, { width, height } = this.size;
    const whole = Math.min((clientWidth - 2 * PAD) / width, (clientHeight - 2 * PAD) / height, most);
    this.scale(Math.max(ZOOMS[0], whole));
    this.reveal(this.current, true);
  }

  // The point under `x`, `y` (of the view; its middle unless told otherwise) stays where it is.
  scale(zoom, x = this.node.clientWidth / 2, y = this.node.clientHeight / 2) {
    const { node, origin } = this;
    const at = { x: (node.scrollLeft + x - origin.x) / this.zoom, y: (node.scrollTop + y - origin.y) / this.zoom };
    const far = this.zoom < FARTHEST !== zoom < FARTHEST;
    this.zoom = zoom;
    if (far) this.#again();
    this.#measure();
    node.scrollTo({ left: at.x * zoom + this.origin.x - x, top: at.y * zoom + this.origin.y - y, behavior: "instant" });
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.node.getBoundingClientRect();
    const zoom = Math.max(ZOOMS[0], Math.min(ZOOMS.at(-1), this.zoom * Math.exp(-event.deltaY / 300)));
    this.scale(zoom, event.clientX - box.left, event.clientY - box.top);
  }

  // The mouse takes hold of the sheet; fingers scroll by themselves.
  #drag(event) {
    if (event.pointerType !== "mouse" || event.button || event.target.closest(".node")) return;
    event.preventDefault();
    const { node } = this, { scrollLeft, scrollTop } = node;
    node.setPointerCapture(event.pointerId);
    node.classList.add("held");
    node.onpointermove = ({ clientX, clientY }) =>
      node.scrollTo({ left: scrollLeft + event.clientX - clientX, top: scrollTop + event.clientY - clientY, behavior: "instant" });
    node.onpointerup = node.onpointercancel = () => {
      node.onpointermove = null;
      node.classList.remove("held");
    };
  }

  // ---- drawing ----

  #measure() {
    const { tree, zoom, node } = this;
    this.size = { width: tree.columns * PITCH.x - GAP.x, height: tree.rows * PITCH.y - GAP.y };
    const inner = { width: this.size.width * zoom, height: this.size.height * zoom };
    this.origin = {
      x: Math.max(PAD, (node.clientWidth - inner.width) / 2),
      y: Math.max(PAD, (node.clientHeight - inner.height) / 2),
    };
    Object.assign(this.sheet.style, { width: `${inner.width + 2 * this.origin.x}px`, height: `${inner.height + 2 * this.origin.y}px` });
    Object.assign(this.world.style, { width: `${this.size.width}px`, height: `${this.size.height}px` });
    this.world.style.transform = `translate(${this.origin.x}px, ${this.origin.y}px) scale(${zoom})`;
    this.node.classList.toggle("far", zoom < FAR);
    this.node.classList.toggle("farthest", zoom < FARTHEST);
    this.node.style.setProperty("--zoom", zoom);
    this.draw();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const { scrollLeft, scrollTop } = this.node;
      if (Math.hypot(scrollLeft - this.at.left, scrollTop - this.at.top) > MOVED) this.draw();
    });
  }

  draw() {
    this.at = { left: this.node.scrollLeft, top: this.node.scrollTop };
    const seen = this.#sight(), wanted = new Set([this.current]);
    const parts = { plain: [], trail: [] };
    const trail = new Set(this.current && this.tree.trail(this.current));
    for (const id of this.tree.places.keys()) {
      const { x, y } = this.#point(id), parent = this.tree.parent(id);
      if (inside(x, y, NODE.width, seen)) wanted.add(id);
      if (parent === null || !this.tree.places.has(parent)) continue;
      const from = this.#point(parent);
      if (Math.max(from.y, y) + NODE.height < seen.top || Math.min(from.y, y) > seen.bottom || x < seen.left || from.x > seen.right) continue;
      parts[trail.has(id) ? "trail" : "plain"].push(curve(from, { x, y }));
    }
    this.plain.setAttribute("d", parts.plain.join(""));
    this.trail.setAttribute("d", parts.trail.join(""));
    this.#keep(wanted, trail);
  }

  // Nodes in the order of the branches, which is the order in which they are heard; those that stay are not touched.
  #keep(wanted, trail) {
    for (const [id, { node, label }] of this.drawn) {
      if (wanted.has(id) && this.tree.places.has(id)) continue;
      (node.remove(), label?.remove());
      this.drawn.delete(id);
    }
    const ids = [...wanted].filter((id) => this.tree.places.has(id));
    ids.sort((a, b) => this.tree.places.get(a).order - this.tree.places.get(b).order);
    let after = this.lines;
    for (const id of ids) {
      const known = this.drawn.get(id) ?? this.#made(id);
      if (after.nextSibling !== (known.label ?? known.node)) after.after(...[known.label, known.node].filter(Boolean));
      after = known.node;
      known.node.classList.toggle("trail", trail.has(id));
      for (const part of [known.node, known.label]) part?.classList.toggle("dim", this.found.size > 0 && !this.found.has(id));
    }
    if (this.refocus && this.drawn.has(this.current)) this.drawn.get(this.current).node.focus({ preventScroll: true });
    this.refocus = false;
  }

  #made(id) {
    const made = { node: this.#node(id), label: this.#label(id) };
    this.drawn.set(id, made);
    return made;
  }

  #node(id) {
    const { tree, current, marked, zoom, on } = this;
    const mark = marked.findIndex(({ node }) => node === id);
    const box = node(tree, id, this.data(), { current: id === current, mark, sharp: zoom >= FARTHEST, on });
    this.#place(box, this.#point(id));
    return box;
  }

  #label(id) {
    const node = this.tree.get(id), data = this.data();
    if (this.tree.parent(id) === null) return null;
    const box = edge(node, data);
    box.setAttribute("aria-hidden", "true"); // the node says it too
    const { x, y } = this.#point(id);
    this.#place(box, { x: x - GAP.x, y: y + NODE.height / 2 });
    return box;
  }

  #place(box, { x, y }) {
    box.style.translate = `${x}px ${y}px`;
  }

  #point(id) {
    const { column, row } = this.tree.places.get(id);
    return { x: column * PITCH.x, y: row * PITCH.y };
  }

  #sight() {
    const { node, zoom, origin } = this;
    const left = (node.scrollLeft - MARGIN - origin.x) / zoom, top = (node.scrollTop - MARGIN - origin.y) / zoom;
    return { left, top, right: left + (node.clientWidth + 2 * MARGIN) / zoom, bottom: top + (node.clientHeight + 2 * MARGIN) / zoom };
  }
}

function line(lines, name) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("class", name);
  lines.append(path);
  return path;
}

function curve(from, to) {
  const x = from.x + NODE.width, y = from.y + NODE.height / 2, end = to.y + NODE.height / 2;
  return `M${x} ${y}C${x + 26} ${y} ${x + 10} ${end} ${x + 34} ${end}H${to.x}`;
}

function inside(x, y, width, { left, right, top, bottom }) {
  return x + width > left && x - GAP.x < right && y + NODE.height > top && y < bottom;
}

// As near to `now` as these two bounds allow; the upper one counts when both cannot be kept.
function between(now, least, most) {
  return Math.max(0, Math.min(Math.max(now, least), most));
}
