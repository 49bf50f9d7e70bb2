// Who stands beside an image: by the order that the screen told, or by what is known of the image itself. What went to
// the trash meanwhile is passed by.

const AHEAD = 2;

export class Walk {
  // `detail(id)` is what is known of an image, `gone` the ids in the trash.
  constructor(detail, gone) {
    this.detail = detail;
    this.gone = gone;
    this.direction = 1;
  }

  get total() {
    return this.order?.total ?? 0;
  }

  index(id) {
    return this.order?.indexOf(id) ?? -1;
  }

  // Whether only its details can say which of all it is.
  asks(id) {
    return this.index(id) < 0 && (!this.order || Boolean(this.order.everything));
  }

  // Which of all it is, from 0; -1 while nobody knows.
  place(id) {
    const index = this.index(id);
    return index >= 0 ? index : (this.order?.everything ? (this.detail(id)?.position ?? -1) : -1);
  }

  // The next in a direction as far as it is known right now: undefined when nobody knows, null at the end.
  known(id, by) {
    for (let index = this.#next(this.index(id), by); index !== null; index = this.#next(index, by)) {
      const item = this.order.at(index);
      if (!item) return undefined;
      if (!this.gone.has(item.id)) return item;
    }
    return this.index(id) >= 0 ? null : this.#told(id, by);
  }

  // The same, asked for where it has to be; null at the end or when it cannot be had.
  async beside(id, by) {
    const known = this.known(id, by);
    if (known !== undefined || this.index(id) < 0) return known ?? null;
    let index = this.#next(this.index(id), by);
    while (index !== null) {
      const item = await this.order.reach(index).catch(() => null);
      if (!item) return null;
      if (!this.gone.has(item.id)) return item;
      index = this.#next(index, by);
    }
    return null;
  }

  // The first or the last of all.
  async end(by) {
    if (!this.total) return null;
    const item = await this.order.reach(by < 0 ? 0 : this.total - 1).catch(() => null);
    return item && this.gone.has(item.id) ? this.beside(item.id, -by) : item;
  }

  // Somebody walks from one image to another.
  towards(item, from) {
    const [to, at] = [item, from].map((one) => (one ? this.place(one.id) : -1));
    if (at >= 0 && to >= 0 && to !== at) this.direction = to > at ? 1 : -1;
  }

  // Ids that are likely next: two in the direction of walking, one behind.
  ahead(id) {
    const found = [];
    let at = id;
    for (let n = 0; n < AHEAD && at; n++) if ((at = this.known(at, this.direction)?.id)) found.push(at);
    const behind = this.known(id, -this.direction)?.id;
    return behind ? [...found, behind] : found;
  }

  #next(index, by) {
    const next = index + by;
    return index < 0 || next < 0 || next >= this.total ? null : next;
  }

  #told(id, by) {
    for (let at = id; ; ) {
      const detail = this.detail(at);
      if (!detail) return undefined;
      at = by < 0 ? detail.newer : detail.older;
      if (!at) return null;
      if (!this.gone.has(at)) return { id: at };
    }
  }
}
