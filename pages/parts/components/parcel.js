// Many images as one zip: a form posts their ids into a frame that nobody sees, so that the page stays where it is.

import { make } from "./elements.js";

const SAVED = 600_000; // ms after which a frame in which nothing loads has long given its zip to the browser

let parcels = 0;

// The browser saves what comes. When there is nothing to save, `failed` is called with the server's sentence, or with
// "" when the server could not be reached.
export function download(ids, failed) {
  const name = `parcel-${(parcels += 1)}`;
  const frame = make("iframe", "", "", { name, title: "", hidden: "", "aria-hidden": "true", tabindex: "-1" });
  const form = make("form", "", "", { method: "post", action: `${location.origin}/api/downloads`, target: name, hidden: "" });
  form.append(make("input", "", "", { type: "hidden", name: "ids", value: ids.join(" ") }));
  document.body.append(frame, form);
  frame.onload = () => {
    failed(sentence(frame)); // a download leaves a frame as it is: what loads in it is an answer to be read
    frame.remove();
  };
  setTimeout(() => frame.remove(), SAVED);
  form.submit();
  form.remove();
}

function sentence(frame) {
  try {
    return JSON.parse(frame.contentDocument.body.textContent).error ?? "";
  } catch {
    return ""; // the browser's own page that says that nobody answered; it lets nobody look inside
  }
}
