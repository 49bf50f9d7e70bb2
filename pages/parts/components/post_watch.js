// Tells once when one of the generations that are under way has ended.

import { follow, leave, unfinished } from "./tiles_live.js";
import { undisturbed } from "./undisturbed.js";

const TOGETHER_MS = 150; // several that end at once are one piece of news

export class Watch {
  constructor() {
    this.told = new Set();
    this.hear = () => this.look();
  }

  follow(conversation, ids, tell) {
    this.ids = ids;
    this.tell = tell;
    if (!ids.length || !conversation) return this.leave();
    this.thread ??= follow(conversation, this.hear);
    this.look();
  }

  look() {
    const ended = this.ids.filter((id) => {
      const known = this.thread?.generations.get(id);
      return known && !unfinished(known) && !this.told.has(`${id} ${known.round}`);
    });
    if (!ended.length) return;
    ended.forEach((id) => this.told.add(`${id} ${this.thread.generations.get(id).round}`));
    clearTimeout(this.telling);
    this.telling = setTimeout(() => undisturbed(() => this.thread && this.tell()), TOGETHER_MS);
  }

  leave() {
    clearTimeout(this.telling);
    if (this.thread) leave(this.thread, this.hear);
    this.thread = null;
  }
}
