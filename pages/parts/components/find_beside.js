// The counts that offers come from: those of the line without the word at the caret. With that word, while it is only
// begun, nothing may be found, and there would be nothing to offer either.

import { tidy } from "./find_pieces.js";

export class Beside {
  // `counts(line)` asks the server; `then()` runs when there are others.
  constructor(counts, then) {
    Object.assign(this, { counts, then, answer: null, asked: null });
  }

  // The answer to `line`, else the nearest there is. `latest` is the answer to what is looked for.
  of(line, latest) {
    if (latest && tidy(latest.q) === line) this.answer = latest;
    return this.answer && tidy(this.answer.q) === line ? this.answer : latest;
  }

  async ask(line, latest) {
    if (!latest || line === this.asked || tidy(this.of(line, latest).q) === line) return;
    this.asked = line;
    const answer = await this.counts(line).catch(() => null); // what cannot be read has no counts
    if (line !== this.asked) return;
    this.asked = null;
    if (!answer) return;
    this.answer = answer;
    this.then();
  }

  // The gallery changed.
  forget() {
    this.answer = this.asked = null;
  }
}
