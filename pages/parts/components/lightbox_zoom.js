// How large a picture is shown, and which part of it. A scale of 1 fits the window; at 100 percent each pixel of the picture
// is one of the page (CSS), as browsers show pictures: on a fine screen it would be tiny otherwise.

const MOST = 800; // percent
const SURELY = 2; // a picture that is shown larger than that already can still be doubled
const SLIGHT = 0.001;

export class Zoom {
  // `frame` is looked through, `sheet` moves behind it; `then` runs after each change.
  constructor(frame, sheet, then) {
    Object.assign(this, { frame, sheet, then, scale: 1, x: 0, y: 0, width: 0 });
    this.watch = new ResizeObserver(() => this.zoomed && this.#apply());
    this.watch.observe(frame);
  }

  leave() {
    this.watch.disconnect();
  }

  get zoomed() {
    return Math.abs(this.scale - 1) > SLIGHT;
  }

  get larger() {
    return this.scale > 1 + SLIGHT;
  }

  // Across the picture, of the screen.
  get pixels() {
    return this.scale * this.sheet.clientWidth * devicePixelRatio;
  }

  get percent() {
    return this.width ? (100 * this.scale * this.sheet.clientWidth) / this.width : 100 * this.scale;
  }

  // Another picture, of this many pixels across; 0 until somebody knows.
  begin(width) {
    this.width = width;
    this.reset(false);
  }

  reset(calm = true) {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.#apply(calm);
  }

  // 100 percent, and back. False where what fits is as large already, or larger: full size makes nothing smaller.
  full(at) {
    const larger = this.#real > 1 + SLIGHT;
    if (this.zoomed) this.reset();
    else if (larger) this.to(this.#real, at, true);
    else return false;
    return true;
  }

  // A closer look in any case, and back.
  closer(at) {
    if (!this.full(at)) this.to(SURELY, at, true);
  }

  by(factor, at, calm = true) {
    const scale = this.scale * factor;
    const past = (this.scale - 1) * (scale - 1) < 0; // fitting is a stop on the way
    this.to(past ? 1 : scale, at, calm);
  }

  // `at` (of the window; the frame's middle unless told otherwise) stays where it is.
  to(wanted, at, calm = false) {
    const { least, most } = this.#limits(), middle = this.#middle();
    const scale = Math.max(least, Math.min(most, wanted));
    const point = { x: (at?.x ?? middle.x) - middle.x, y: (at?.y ?? middle.y) - middle.y };
    const ratio = scale / this.scale;
    this.x = point.x - ratio * (point.x - this.x);
    this.y = point.y - ratio * (point.y - this.y);
    this.scale = scale;
    this.#apply(calm);
  }

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.#apply();
  }

  // A finger pulls at a picture that fits; it goes back when nobody holds it.
  pull(x, y) {
    this.sheet.style.transition = "none";
    this.sheet.style.transform = `translate(${x}px, ${y}px)`;
  }

  #limits() {
    const real = this.#real;
    return { least: Math.min(1, real), most: Math.max((MOST / 100) * real, SURELY) };
  }

  // The scale of 100 percent.
  get #real() {
    return 100 / (this.percent / this.scale);
  }

  // Of the sheet, as if it were never moved.
  #middle() {
    const { left, top } = this.frame.getBoundingClientRect(), { sheet } = this;
    return { x: left + sheet.offsetLeft + sheet.clientWidth / 2, y: top + sheet.offsetTop + sheet.clientHeight / 2 };
  }

  // What is larger than the frame fills it; what is smaller keeps its place.
  #apply(calm = false) {
    const { sheet, frame, scale } = this;
    if (!this.zoomed) Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.x = held(this.x, sheet.offsetLeft + sheet.clientWidth / 2, scale * sheet.clientWidth, frame.clientWidth);
    this.y = held(this.y, sheet.offsetTop + sheet.clientHeight / 2, scale * sheet.clientHeight, frame.clientHeight);
    sheet.style.transition = calm ? "" : "none"; // the style sheet says how, and whether anything may move
    sheet.style.transform = this.zoomed ? `translate(${this.x}px, ${this.y}px) scale(${scale})` : "";
    this.then();
  }
}

function held(shift, middle, length, room) {
  if (length <= room) return 0;
  return Math.max(room - middle - length / 2, Math.min(length / 2 - middle, shift));
}
