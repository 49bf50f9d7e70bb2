// Where the keyboard stands in the grid: at an image, wherever that is now.
export class Place {
  // `shelf()`: the images in order; another one when something else is looked for.
  constructor(wall, shelf) {
    Object.assign(this, { wall, shelf });
  }

  // This image is the one, if it is there.
  at(id) {
    const index = this.shelf().indexOf(id);
    if (index >= 0) this.wall.current = index;
  }

  // The order changed: stay with the image; without it, at its place.
  follow() {
    const held = [...this.wall.cells()].find((cell) => Number(cell.dataset.index) === this.wall.current);
    if (held) this.at(held.dataset.id);
  }

  // The lightbox was closed at this image. One that was taken back may not stand here yet: the keyboard waits beside it.
  closed(id) {
    const { wall } = this, index = this.shelf().indexOf(id);
    this.awaited = index < 0 ? { id, beside: this.shelf().at(wall.current)?.id } : null;
    if (wall.rows?.length) wall.focus(index < 0 ? wall.current : index);
  }

  // The image may be back, and the keyboard still waits.
  regain() {
    const { id, beside } = this.awaited ?? {}, index = this.shelf().indexOf(id);
    const waits = this.wall.focused && this.shelf().at(this.wall.current)?.id === beside;
    if (!waits || index >= 0) this.awaited = null;
    if (waits && index >= 0) this.wall.focus(index);
  }
}
