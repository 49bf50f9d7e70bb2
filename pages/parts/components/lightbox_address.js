// The address follows the image, and Back closes the lightbox however many images were looked at.
//
// Only Streamlit writes the address: every image it is told becomes one entry of the browser's history. So this counts
// them, and leaving goes back by as many: the reader is where they were before the first one.

const REST = 250; // ms that an image stays before the address follows: who holds an arrow key passes by most of them

export class Address {
  // `tell(view)` asks Streamlit; `follow(view)` is what somebody else did: a link, Back, Forward.
  constructor(tell, follow) {
    this.tell = tell;
    this.follow = follow;
    this.known = ""; // what Streamlit said last
    this.asked = ""; // what it was asked for last
    this.entries = 0;
    this.open = false;
    this.going = false; // back through the history, until Streamlit says so
  }

  // This image is on screen.
  now(id, rest = REST) {
    this.open = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.asked = id;
      if (id !== this.known) this.tell(id);
    }, rest);
  }

  // Streamlit's answer, or its news.
  heard(view) {
    if (view === this.known) return;
    this.known = view;
    if (view && view === this.asked) return this.#added();
    this.asked = view;
    if (this.going) {
      this.going = Boolean(view);
      return;
    }
    this.entries = 0;
    this.open = Boolean(view);
    this.follow(view);
  }

  // The lightbox was closed.
  leave() {
    this.open = false;
    clearTimeout(this.timer);
    if (this.asked === this.known) this.#out();
  }

  // The browser's Back while the lightbox is open; true when that closes it.
  wentBack() {
    if (!this.entries) return false;
    clearTimeout(this.timer);
    this.open = false;
    this.#back(this.entries - 1);
    return true;
  }

  #added() {
    this.going = false;
    this.entries += 1;
    if (!this.open) this.#out();
  }

  #out() {
    if (!this.known) return;
    if (this.entries) return this.#back(this.entries);
    this.asked = "";
    this.tell("");
  }

  #back(steps) {
    this.entries = 0;
    this.going = true;
    if (steps) history.go(-steps);
  }
}
