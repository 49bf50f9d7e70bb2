// Which images are picked. By id, so that scrolling, new images and another order change nothing.

export class Picks {
  // `changed()` runs after each change.
  constructor(changed) {
    this.ids = new Set();
    this.changed = changed;
    this.anchor = null; // where a range begins: the image that was picked or left last
    this.range = []; // what was picked from there
    this.turn = 0; // a range whose ids come after something else was picked or left is too late
  }

  get size() {
    return this.ids.size;
  }

  has(id) {
    return this.ids.has(id);
  }

  toggle(id) {
    this.turn += 1;
    if (!this.ids.delete(id)) this.ids.add(id);
    this.anchor = id;
    this.range = [];
    this.changed();
  }

  // A range is on its way. Returns its turn.
  begin() {
    return (this.turn += 1);
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
    this.turn += 1;
    for (const id of ids) this.ids.delete(id);
    this.changed();
  }

  // What was done with these is not done after all. Who picks others already is not disturbed.
  again(ids) {
    if (this.size || !ids.length) return;
    this.ids = new Set(ids);
    this.changed();
  }

  clear() {
    this.turn += 1;
    this.anchor = null;
    this.range = [];
    if (!this.size) return;
    this.ids.clear();
    this.changed();
  }
}
