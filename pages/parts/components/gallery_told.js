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
    this.open = new Map(); // wish → { at, …what its answer has to know }
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

  wish(act, facts, about) {
    this.wished = Date.now();
    this.open.set(this.wishes.tell(act, facts), { at: this.wished, ...about });
  }

  // The answers to our wishes, each once, with what it was about: { wish, error, … }.
  heard(component) {
    this.send = component.setTriggerValue;
    const answers = this.wishes.heard(component).map((answer) => ({ ...this.open.get(answer.wish), ...answer }));
    for (const { wish } of answers) this.open.delete(wish);
    return answers;
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
