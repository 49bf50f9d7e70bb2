// Above a caption: that it is being written, or that it was not, and what can be done about it.

import { make } from "./elements.js";
import { button } from "./post_pieces.js";

export class Notice {
  constructor(tell) {
    this.tell = tell;
    this.node = make("div", "notice");
  }

  draw({ words, writing, failed }) {
    const looks = `${writing}${failed?.id}${failed?.text}`;
    if (looks === this.looks) return;
    this.looks = looks;
    this.node.className = `notice ${writing ? "working" : failed ? "failed" : ""}`;
    const line = make("div", "line");
    if (writing)
      line.append(make("i", "pulse"), make("span", "", words.writing), button("textual", words.cancel, () => this.tell("cancel", writing)));
    else if (failed)
      line.append(make("span", "", `${failed.title}. ${failed.text}`), button("textual", failed.again, () => this.tell("retry", failed.id)));
    this.node.replaceChildren(...(writing || failed ? [line] : []));
  }
}
