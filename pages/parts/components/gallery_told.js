// What the gallery told Streamlit is told again until it is answered: Streamlit keeps only the last of several things
// that come at once, and what is told while it reconnects is lost. The line goes before wishes, which would replace it.

import { Wishes } from "./wishes.js";

const LOOK = 1000; // ms between two looks at what nobody answered
const AGAIN = 4000; // ms until it is told again

export class Told {
  // `late()` is the line that is looked for and not in effect yet; undefined when there is none.
  constructor(late) {
    this.late = late;
    this.wishes = new Wishes();
    this.open = new Map(); // wish → { at, about, answered }
    this.lined = this.wished = 0; // when either was told last
    this.timer = setInterval(() => this.#remind(), LOOK);
  }

  leave() {
    clearInterval(this.timer);
  }

  line(q) {
    this.lined = Date.now();
    this.send("line", q);
  }

  action(action) {
    this.send("action", action);
  }

  // Resolves to its answer: { wish, error }. With `about`, `heard` gives it too, to whoever sees to all of them; without, it
  // is told by whoever wished alone.
  wish(act, facts, about) {
    this.wished = Date.now();
    const wish = this.wishes.tell(act, facts);
    return new Promise((answered) => this.open.set(wish, { at: this.wished, about, answered }));
  }

  // The answers to our wishes, each once, with what it was about: { wish, error, … }.
  heard(component) {
    this.send = component.setTriggerValue;
    return this.wishes.heard(component).flatMap((answer) => {
      const { about, answered } = this.open.get(answer.wish);
      this.open.delete(answer.wish);
      answered(answer);
      return about ? [{ ...about, ...answer }] : [];
    });
  }

  // A run closes the dialog that the run before it opened, so nothing is told again that may still be answered.
  #remind() {
    const now = Date.now(), line = this.late();
    if (line !== undefined) return now - this.lined < AGAIN || this.line(line);
    const oldest = Math.min(...[...this.open.values()].map(({ at }) => at));
    if (!this.open.size || now - oldest < AGAIN || now - this.wished < AGAIN) return;
    this.wished = now;
    this.wishes.again();
  }
}
