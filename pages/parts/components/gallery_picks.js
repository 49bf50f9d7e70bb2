// Which images are picked. By id, so that scrolling, new images and another order change nothing.

export class Picks {
  // `changed()` runs after each change.
  constructor(changed) {
    this.ids = new Set();
    this.changed = changed;
    this.anchor = null; // where a range begins: the image that was picked or left last
    this.range = []; // what was picked from there
  }

  get size() {
    return this.ids.size;
  }

  has(id) {
    return this.ids.has(id);
  }

  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.anchor = id;
    this.range = [];
    this.changed();
  }

  // From the anchor to here; what an earlier range from the same anchor had beyond is left.
  stretch(ids) {
    for (const id of this.range) this.ids.delete(id);
    for (const id of ids) this.ids.add(id);
    this.range = ids;
    this.changed();
  }

  // What is gone cannot be acted on.
  drop(ids) {
    for (const id of ids) this.ids.delete(id);
    this.changed();
  }

  clear() {
    if (!this.size) return;
    this.ids.clear();
    this.anchor = null;
    this.range = [];
    this.changed();
  }
}
