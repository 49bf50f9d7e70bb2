// Hashtags as chips in a field: a space, a comma or Enter ends one, Backspace takes the last one back.

import { fill, make } from "./elements.js";
import { hashtag } from "./post_count.js";
import { icon } from "./post_pieces.js";

export class Chips {
  constructor(words, changed) {
    this.words = words;
    this.changed = changed;
    this.tags = [];
    this.node = make("div", "tags");
    this.list = make("ul", "chips", "", { "aria-label": words.hashtags });
    this.input = make("input", "", "", { id: "tag", type: "text", autocapitalize: "off", spellcheck: "false", placeholder: words.addTag });
    this.input.onkeydown = (event) => this.key(event);
    this.input.oninput = () => {
      if (/[\s,#]./u.test(this.input.value)) this.take(/[\s,]$/u.test(this.input.value));
    };
    this.input.onblur = () => this.take(true);
    const field = make("div", "field");
    field.append(this.list, this.input);
    field.onclick = (event) => {
      if (event.target === field) this.input.focus();
    };
    this.node.append(make("label", "", words.hashtags, { for: "tag" }), field);
  }

  draw(tags) {
    if (`${tags}` === `${this.tags}` && this.list.childElementCount === tags.length) return;
    this.tags = [...tags];
    this.list.replaceChildren(...tags.map((tag) => this.chip(tag)));
  }

  chip(tag) {
    const item = make("li", "chip", `#${tag}`);
    const remove = make("button", "", "", { type: "button", "aria-label": fill(this.words.removeTag, { tag }) });
    remove.append(icon("close"));
    remove.onclick = () => {
      this.changed(this.tags.filter((other) => other !== tag));
      this.input.focus();
    };
    item.append(remove);
    return item;
  }

  key(event) {
    if ([" ", ",", "Enter"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.take(true);
    }
    if (event.key === "Backspace" && !this.input.value && this.tags.length) {
      event.preventDefault();
      this.changed(this.tags.slice(0, -1));
    }
  }

  // What is written becomes chips; the last word only when it is `whole`.
  take(whole) {
    const parts = this.input.value.split(/[\s,#]+/u).filter(Boolean);
    const rest = whole ? "" : parts.pop() ?? "";
    const fresh = parts.map(hashtag).filter((tag) => tag && !this.tags.includes(tag));
    this.input.value = rest;
    if (fresh.length) this.changed([...this.tags, ...fresh]);
  }
}
