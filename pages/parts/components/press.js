// A click is a press and a release of the same node, and the press alone takes the keyboard from a field, which may draw
// the node anew: what is drawn where somebody presses just now waits until they let go.

const PRESSED = ["pointerdown", "mousedown"]; // a finger does both, one after the other
const RELEASED = ["pointerup", "pointercancel", "mouseup", "contextmenu", "dragend"];

export class Press {
  constructor(node, signal) {
    this.waiting = new Map();
    for (const type of PRESSED) node.addEventListener(type, ({ button }) => (this.down = button === 0), { capture: true, signal });
    for (const type of RELEASED) addEventListener(type, () => setTimeout(() => this.#released()), { capture: true, signal });
  }

  // `draw()` now or as soon as nobody presses; of several with one name only the last.
  then(name, draw) {
    if (this.down) return void this.waiting.set(name, draw);
    this.waiting.delete(name);
    draw();
  }

  // The click comes after the release, and before this.
  #released() {
    this.down = false;
    const late = [...this.waiting.values()];
    this.waiting.clear();
    for (const draw of late) draw();
  }
}
