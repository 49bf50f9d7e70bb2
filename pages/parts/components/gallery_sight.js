// Which part of the grid the window shows, whatever it is that scrolls around it.

export class Sight {
  constructor(area, grid) {
    Object.assign(this, { area, grid });
  }

  // In pixels from the top of the grid, which may lie below the window's.
  now() {
    const scroller = this.scroller, grid = this.grid.getBoundingClientRect();
    const window_ = scroller === document.scrollingElement ? { top: 0 } : scroller.getBoundingClientRect();
    return { top: window_.top - grid.top, height: scroller.clientHeight };
  }

  by(pixels) {
    this.scroller.scrollTop += pixels;
  }

  up() {
    this.scroller.scrollTo({ top: 0, behavior: "instant" });
  }

  get scroller() {
    if (this.found?.isConnected) return this.found;
    let node = this.area;
    while (node && !(node !== this.area && /auto|scroll/.test(getComputedStyle(node).overflowY)))
      node = node.parentElement ?? node.getRootNode().host;
    return (this.found = node ?? document.scrollingElement);
  }
}
