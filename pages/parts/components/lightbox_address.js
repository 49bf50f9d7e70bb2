// The address follows the image, and Back closes the lightbox however many images were looked at.
//
// Only Streamlit writes the address: every image it is told becomes one entry of the browser's history. So this keeps
// their trail, and leaving goes back all the way: the reader is where they were before the first one. One thing at a
// time: what is wanted meanwhile waits for Streamlit's answer, and only the last of it counts.

const REST = 250; // ms that an image stays before the address follows: who holds an arrow key passes by most of them
const PATIENCE = 4000; // ms after which an answer is not waited for any more

export class Address {
  // `tell(view)` asks Streamlit; `follow(view)` is what somebody else did: a link, Back, Forward.
  constructor(tell, follow) {
    this.tell = tell;
    this.follow = follow;
    this.known = ""; // what Streamlit said last
    this.wanted = ""; // what is on screen
    this.asked = null; // what Streamlit was asked for and has not answered
    this.trail = []; // the images that became entries
    this.going = false; // back through the history, until Streamlit says so
  }

  // This image is on screen.
  now(id, rest = REST) {
    this.wanted = id;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = null;
      this.#agree();
    }, rest);
  }

  // The lightbox was closed.
  leave() {
    this.#none();
    this.#agree();
  }

  // Somebody goes elsewhere from here: the address stays as it is, for whoever comes back.
  rest() {
    this.wanted = this.known;
    clearTimeout(this.resting);
    this.resting = null;
  }

  // The browser's Back while the lightbox is open; true when that closes it.
  wentBack() {
    if (!this.trail.length) return false;
    this.#none();
    // Where Back led says how much of the trail is left; Streamlit's last answer may still be on its way.
    this.#back(this.trail.lastIndexOf(here()) + 1);
    return true;
  }

  // Streamlit's answer, or its news.
  heard(view) {
    if (view === this.known) return;
    this.known = view;
    if (view === this.asked) {
      this.asked = null;
      if (this.going && here() !== view) return; // its entry was left before its answer came
      this.going = false;
      if (view) this.trail.push(view);
      return this.#agree();
    }
    if (this.going) return view || this.#arrived();
    this.asked = null;
    this.trail = [];
    this.wanted = view;
    this.follow(view);
  }

  #none() {
    this.wanted = "";
    clearTimeout(this.resting);
    this.resting = null;
  }

  // Bring the address to what is on screen, once nothing else is on its way.
  #agree() {
    if (this.asked !== null || this.going || this.resting || this.wanted === this.known) return;
    if (!this.wanted && this.trail.length) return this.#back(this.trail.length);
    this.asked = this.wanted;
    this.tell(this.wanted);
    this.#patience(() => (this.asked = null));
  }

  #back(steps) {
    this.trail = [];
    this.going = true;
    if (steps) history.go(-steps);
    this.#patience(() => this.#arrived());
  }

  #arrived() {
    this.going = false;
    this.#agree();
  }

  #patience(then) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => (this.asked !== null || this.going) && then(), PATIENCE);
  }
}

const here = () => new URLSearchParams(location.search).get("view") ?? "";
