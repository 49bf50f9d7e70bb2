// A sentence with a button at the foot of the window. What somebody pressed is told until Streamlit takes the bar away.

import { engaged } from "./elements.js";
import { undoBar } from "./undo_bar.js";
import { Wishes } from "./wishes.js";

const REMIND = 4000; // ms between two tellings of what nobody answered
const offers = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const offer = offers.get(parentElement) ?? new Offer(component);
  offers.set(parentElement, offer);
  offer.wishes.heard(component);
  return () => {
    // Called too when new data overtakes a call, while the component stays on the page.
    if (!parentElement.isConnected && offers.delete(parentElement)) offer.leave();
  };
}

class Offer {
  constructor({ data, parentElement }) {
    this.wishes = new Wishes();
    this.bar = undoBar(data, (how) => this.wishes.tell(how));
    this.timer = setInterval(() => this.wishes.again(), REMIND);
    this.leaving = new AbortController();
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.leaving.signal });
    parentElement.append(this.bar);
  }

  leave() {
    this.leaving.abort();
    clearInterval(this.timer);
    this.bar.stop();
  }

  // Wherever on the page, as in the lightbox, which hears its own.
  #key(event) {
    if (event.key.toLowerCase() !== "z" || event.altKey || event.shiftKey || event.repeat || engaged(event)) return;
    if (!this.bar.isConnected) return;
    event.preventDefault();
    this.bar.told("undo");
  }
}
