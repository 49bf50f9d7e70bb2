// The address follows the image, and Back closes the lightbox however many images were looked at.
//
// Only Streamlit writes the address: every image it is told becomes one entry of the browser's history. So this keeps
// their trail, and leaving goes back all the way: the reader is where they were before the first one. Each entry keeps the
// trail that led to it, for whoever reloads the page or comes back to it; where there is none (a link), leaving takes the
// image out of the address in place. One thing at a time: what is wanted meanwhile waits for Streamlit's answer, and only
// the last of it counts.

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
    this.late = new Set(); // what it was asked for in vain; its answer may still come, and is no news then
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
  closed() {
    this.#none();
    this.#agree();
  }

  // It is taken from the page.
  leave() {
    clearTimeout(this.resting);
    clearTimeout(this.waiting);
  }

  // Somebody goes elsewhere from here: the address stays as it is, or as it was asked for, for whoever comes back.
  rest() {
    this.wanted = this.asked ?? this.known;
    clearTimeout(this.resting);
    this.resting = null;
  }

  // Somebody goes through the history: what it leads to is news, whatever was asked for before.
  moved() {
    if (!this.going) this.late.delete(here());
  }

  // The browser's Back while the lightbox is open; true when that closes it.
  wentBack() {
    if (!this.trail.length || kept().length > this.trail.length) return false; // the latter was Forward
    this.#none();
    // Where Back led says how much of the trail is left; Streamlit's last answer may still be on its way.
    this.#back(this.trail.lastIndexOf(here()) + 1);
    return true;
  }

  // Streamlit's answer, or its news.
  heard(view) {
    if (view === this.known) return;
    this.known = view;
    if (this.#answers(view)) {
      if (this.going && here() !== view) return; // its entry was left before its answer came
      this.going = false;
      if (view) keep(this.trail = [...this.trail, view]);
      return this.#agree();
    }
    if (this.going) return view || this.#arrived();
    this.asked = null;
    this.late.clear();
    this.trail = kept();
    this.wanted = view;
    this.follow(view);
  }

  // Whether it was asked for that. What was asked for before is answered too by then, or lost.
  #answers(view) {
    if (view !== this.asked) return this.late.delete(view);
    this.asked = null;
    const twice = this.late.has(view); // each time may be answered
    this.late = new Set(twice ? [view] : []);
    return true;
  }

  #none() {
    this.wanted = "";
    clearTimeout(this.resting);
    this.resting = null;
  }

  // Bring the address to what is on screen, once nothing else is on its way.
  #agree() {
    if (this.asked !== null || this.going || this.resting || this.wanted === this.known) return;
    if (!this.wanted) return this.trail.length ? this.#back(this.trail.length) : this.#drop();
    if (this.late.has(this.wanted) && here() === this.wanted) return; // it stands there; only the answer is late
    this.asked = this.wanted;
    this.tell(this.wanted);
    this.#patience();
  }

  #back(steps) {
    this.trail = [];
    this.going = true;
    if (steps) history.go(-steps);
    this.#patience();
  }

  // Out of this entry itself: another one in front of it would let Back open the image again.
  #drop() {
    const url = new URL(location.href);
    url.searchParams.delete("view");
    this.going = true;
    history.replaceState({}, "", url);
    dispatchEvent(new PopStateEvent("popstate")); // how Streamlit hears of an address that it did not write
    this.#patience();
  }

  #arrived() {
    this.going = false;
    this.#agree();
  }

  #patience() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (this.asked !== null) this.late.add(this.asked);
      this.asked = null;
      this.#arrived();
    }, PATIENCE);
  }
}

// The trail that ends at the entry of the history where the reader is now.
function keep(trail) {
  if (here() === trail.at(-1)) history.replaceState({ ...history.state, trail }, "");
}

function kept() {
  const trail = history.state?.trail ?? [];
  return here() && trail.at(-1) === here() ? trail : [];
}

const here = () => new URLSearchParams(location.search).get("view") ?? "";
