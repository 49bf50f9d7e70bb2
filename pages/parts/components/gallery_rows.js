// Justified rows: pictures of one height side by side, every row as wide as the page. Pure arithmetic, no elements.

const UNIT = 64; // a shape is width / height in 64ths, one byte; see core/tiles.py

export const shape = (width, height) => Math.min(255, Math.max(1, Math.floor((width * UNIT) / height)));

export class Rows {
  // `shapeAt(index)` is a byte. A row ends where its height comes closest to `target`.
  constructor(count, shapeAt, width, target, gap) {
    Object.assign(this, { count, shapeAt, width, target, gap });
    this.starts = [];
    this.tops = [];
    this.heights = [];
    this.full = [];
    this.height = 0;
    for (let index = 0; index < count; ) index = this.#row(index);
  }

  get length() {
    return this.starts.length;
  }

  end(row) {
    return row + 1 < this.length ? this.starts[row + 1] : this.count;
  }

  // Does this row stand where it stood in other rows, to the pixel?
  like(other, row) {
    const same = (fact) => this[fact][row] === other[fact][row];
    return row < other.length && this.width === other.width && this.end(row) === other.end(row)
      && ["starts", "tops", "heights", "full"].every(same);
  }

  // The row at this height from the top, or the nearest one.
  at(y) {
    let low = 0, high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  of(index) {
    let low = 0, high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // Where each picture of a row stands: [{ index, left, width }]
  places(row) {
    const height = this.heights[row], last = this.end(row) - 1, places = [];
    let left = 0;
    for (let index = this.starts[row]; index <= last; index++) {
      let width = Math.round((this.shapeAt(index) / UNIT) * height);
      const full = this.full[row] && index === last;
      if (full) width = this.width - left; // what rounding left over must not show as a ragged edge
      places.push({ index, left, width });
      left += width + this.gap;
    }
    return places;
  }

  // The picture above or below: the one whose middle is nearest.
  beside(index, by) {
    const row = this.of(index), other = row + by;
    if (other < 0 || other >= this.length) return index;
    const middle = (place) => place.left + place.width / 2;
    const here = middle(this.places(row).find((place) => place.index === index));
    const places = this.places(other);
    return places.reduce((a, b) => (Math.abs(middle(b) - here) < Math.abs(middle(a) - here) ? b : a)).index;
  }

  #row(start) {
    let sum = 0, end = start;
    while (end < this.count) {
      const wider = sum + this.shapeAt(end) / UNIT;
      const height = (this.width - (end - start) * this.gap) / wider;
      if (end > start && height < this.target && this.target - height > this.#height(sum, end - start) - this.target)
        break;
      sum = wider;
      end += 1;
      if (height <= this.target) break;
    }
    const fits = this.#height(sum, end - start);
    const full = end < this.count || fits <= this.target * 1.25;
    this.starts.push(start);
    this.tops.push(this.height);
    this.heights.push(Math.round(Math.min(full ? fits : this.target, this.target * 1.8)));
    this.full.push(full && fits <= this.target * 1.8);
    this.height += this.heights.at(-1) + this.gap;
    return end;
  }

  #height(sum, n) {
    return (this.width - (n - 1) * this.gap) / sum;
  }
}
