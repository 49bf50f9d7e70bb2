// The image with what is painted on it, and the brush: by mouse, finger or pen, and by keyboard.

import { make } from "./elements.js";
import { paint } from "./mask_strokes.js";

const MOST_PIXELS = 4_000_000;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Sheet {
  // `brush` is { tool, size }, changed by whoever owns it; `heard` is called with "painted", "moved" or "unseen".
  constructor({ source, picture, words }, strokes, brush, heard) {
    Object.assign(this, { source, strokes, brush, heard, stroke: null, held: false });
    this.cursor = { x: source.width / 2, y: source.height / 2 };
    this.node = make("div", "sheet");
    this.node.style.setProperty("--shape", source.width / source.height);
    this.node.style.backgroundImage = `url("${source.placeholder}")`;
    this.image = make("img", "under", "", { alt: words.source, draggable: "false" });
    this.image.onload = () => this.image.classList.add("there");
    this.image.onerror = () => heard("unseen");
    this.image.src = picture;
    this.canvas = make("canvas", "paint", "", {
      tabindex: "0", role: "application", "aria-label": words.canvas, "aria-describedby": "help",
    });
    this.ring = make("div", "ring");
    this.frame = make("div", "frame");
    this.node.append(this.image, this.canvas, this.ring, this.frame);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.listen();
    this.watching = new ResizeObserver(() => this.fit());
    this.watching.observe(this.node);
  }

  leave() {
    this.watching.disconnect();
  }

  // As sharp as the screen; the strokes themselves know the image's own pixels.
  fit() {
    const { width, height } = this.node.getBoundingClientRect();
    const sharp = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / (width * height || 1)));
    const [wide, high] = [Math.max(1, Math.round(width * sharp)), Math.max(1, Math.round(height * sharp))];
    if (wide === this.canvas.width && high === this.canvas.height) return;
    Object.assign(this.canvas, { width: wide, height: high });
    this.context.setTransform(wide / this.source.width, 0, 0, high / this.source.height, 0, 0);
    this.draw();
  }

  draw() {
    const accent = getComputedStyle(this.canvas).color;
    this.context.fillStyle = this.context.strokeStyle = accent;
    this.strokes.replay(this.context, this.source.width, this.source.height);
    this.point();
  }

  // The painted part of the image, 0 to 1, as closely as the screen shows it.
  share() {
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) painted += data[i] > 127;
    return painted / (data.length / 4);
  }

  // ---- strokes ----

  begin(x, y) {
    const { tool, size } = this.brush;
    this.stroke = tool === "box" ? { kind: "box", x, y, w: 0, h: 0 } : { kind: "line", erase: tool === "erase", size, points: [x, y] };
    this.show(0);
  }

  extend(x, y) {
    const { stroke } = this;
    if (stroke.kind === "box") return this.show(0, Object.assign(stroke, { w: x - stroke.x, h: y - stroke.y }));
    const known = stroke.points.length;
    stroke.points.push(x, y);
    this.show(known);
  }

  end() {
    const { stroke } = this;
    if (!stroke) return;
    this.stroke = null;
    this.held = false;
    this.strokes.add(stroke);
    if (stroke.kind === "box") paint(this.context, stroke);
    this.point();
    this.heard("painted");
  }

  give() {
    this.stroke = null;
    this.held = false;
    this.draw();
  }

  show(known) {
    if (this.stroke.kind === "line") paint(this.context, this.stroke, 0, 0, known);
    else this.point();
  }

  // ---- pointer ----

  listen() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => this.down(event);
    canvas.onpointermove = (event) => this.move(event);
    canvas.onpointerup = (event) => event.pointerId === this.pointer && this.up(event);
    canvas.onpointercancel = (event) => event.pointerId === this.pointer && ((this.pointer = null), this.give());
    canvas.onkeydown = (event) => this.key(event);
    canvas.onkeyup = (event) => this.held && [" ", "Enter"].includes(event.key) && this.end();
    canvas.onblur = () => (this.held ? this.end() : this.byKeys() && this.give());
  }

  down(event) {
    if (this.byKeys()) this.give();
    if (event.button || this.stroke) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.begin(...this.at(event));
  }

  move(event) {
    this.place(...this.at(event));
    if (event.pointerId !== this.pointer || !this.stroke) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) this.extend(...this.at(one));
  }

  up(event) {
    this.pointer = null;
    if (!this.stroke) return;
    this.extend(...this.at(event));
    this.end();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * this.source.width;
    const down = ((event.clientY - box.top) / box.height) * this.source.height;
    return [across, down].map((value) => Math.round(value * 100) / 100);
  }

  // ---- keyboard ----

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) this.step(event, ...ARROWS[event.key]);
    else if (event.key === " " || event.key === "Enter") this.press(event);
    else if (event.key === "Escape" && this.stroke) event.preventDefault(), event.stopPropagation(), this.give();
  }

  // A hundredth of the long side, with Shift a tenth.
  step(event, right, down) {
    event.preventDefault();
    const { width, height } = this.source;
    const far = Math.max(1, Math.round(Math.max(width, height) / (event.shiftKey ? 10 : 100)));
    const within = (value, most) => Math.min(most, Math.max(0, value));
    this.place(within(this.cursor.x + right * far, width), within(this.cursor.y + down * far, height));
    if (this.stroke) this.extend(this.cursor.x, this.cursor.y);
    this.heard("moved");
  }

  // The brush paints while the key is held; a rectangle goes from one press to the next.
  press(event) {
    event.preventDefault();
    const { x, y } = this.cursor;
    if (event.repeat) return;
    if (this.stroke) return this.byKeys() && !this.held && this.end();
    this.begin(x, y);
    this.held = this.stroke.kind === "line";
  }

  byKeys() {
    return this.stroke && this.pointer == null;
  }

  // ---- what is seen of the brush ----

  place(x, y) {
    this.cursor = { x, y };
    this.point();
  }

  point() {
    const { source, brush, cursor, stroke } = this;
    const box = brush.tool === "box";
    this.ring.classList.toggle("cross", box);
    put(this.ring, source, cursor.x, cursor.y, box ? null : brush.size);
    this.frame.hidden = stroke?.kind !== "box";
    if (this.frame.hidden) return;
    put(this.frame, source, Math.min(stroke.x, stroke.x + stroke.w), Math.min(stroke.y, stroke.y + stroke.h),
      Math.abs(stroke.w), Math.abs(stroke.h));
  }
}

function put(node, { width, height }, x, y, wide, high) {
  const part = (value, whole) => (value == null ? "" : `${(value / whole) * 100}%`);
  Object.assign(node.style, {
    left: part(x, width), top: part(y, height), width: part(wide, width), height: part(high, height),
  });
}
