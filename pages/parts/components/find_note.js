// Under the line: what is wrong with it, and what was probably meant, which a click puts there; or else what to know of it.

import { make } from "./elements.js";

export class Note {
  // `take(trouble)` puts what was meant in the place of what is wrong.
  constructor(id, take) {
    this.take = take;
    this.node = make("p", "wrong", "", { role: "alert", id, hidden: "" });
  }

  // What stands there already stays the same node: somebody may be about to press its button.
  wrong(trouble) {
    const { sentence, said: { meant, instead } } = trouble;
    const known = !this.node.hidden && this.said === `${sentence} ${instead}`;
    this.trouble = trouble;
    this.said = `${sentence} ${instead}`;
    if (!known) this.#draw("wrong", ...this.#proposing(sentence, meant));
  }

  aside(sentence) {
    this.said = "";
    this.#draw("wrong aside", sentence);
  }

  hide() {
    this.node.hidden = true;
  }

  #proposing(sentence, meant) {
    const at = meant ? sentence.lastIndexOf(meant) : -1;
    if (at < 0) return [sentence];
    const button = make("button", "link", meant, { type: "button" });
    button.onpointerdown = (event) => event.preventDefault(); // the field keeps the keyboard
    button.onclick = () => this.take(this.trouble);
    return [sentence.slice(0, at), button, sentence.slice(at + meant.length)];
  }

  #draw(name, ...parts) {
    this.node.className = name;
    this.node.replaceChildren(...parts);
    this.node.hidden = false;
  }
}
