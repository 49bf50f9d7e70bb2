// What can be done with a turn: a button that opens a short menu. One opening is one choice, however often it is
// clicked: what is told carries a name that was made when the menu opened, and Python does it once.

import { fill, make } from "./elements.js";
import { copied } from "./tiles_caption.js";

const DOTS = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="5" cy="12" r="1.7"/><circle cx="12" cy="12" r="1.7"/><circle cx="19" cy="12" r="1.7"/></svg>';
const SAID_MS = 2_500;
const GAP = 4;
const EDGE = 8;
const ALWAYS = { again: "anew", duplicate: "duplicate", replay: "replay" };
let opened = 0;

// `failed()` is how many images could be removed now; `choose(act, wish)` is called with what was picked.
export function menu(data, failed, choose) {
  const { words } = data;
  const label = `${words.menu}: ${data.name}`;
  const button = make("button", "menu-button", "", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, title: words.menu });
  button.innerHTML = DOTS;
  const list = make("div", "menu", "", { role: "menu", popover: "auto", "aria-label": label });
  const said = make("span", "said", "", { role: "status" });
  button.onclick = () => list.togglePopover();
  list.onkeydown = (event) => move(event, list, button);
  list.onbeforetoggle = ({ newState }) => {
    button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") list.replaceChildren(...items(data, failed(), list, choose, () => copy(data, button, said)));
  };
  list.ontoggle = ({ newState }) => {
    if (newState !== "open") return removeEventListener("scroll", list.away, true);
    place(list, button);
    list.away = () => list.hidePopover();
    addEventListener("scroll", list.away, { capture: true, passive: true });
    list.firstChild.focus({ preventScroll: true });
  };
  const both = make("span", "menu-place");
  both.append(said, button, list);
  return both;
}

function items(data, failed, list, choose, copyLink) {
  const { words, locale } = data;
  const wish = `${Date.now()} ${(opened += 1)} ${Math.random()}`;
  const item = (text, act) => {
    const node = make("button", "item", text, { type: "button", role: "menuitem", tabindex: "-1" });
    node.onclick = () => {
      list.hidePopover();
      act();
    };
    return node;
  };
  const priced = { again: data.again }; // asked at once, so what it costs is said here
  const said = (act, word) => (priced[act] ? `${words[word]} · ${priced[act]}` : words[word]);
  const picks = Object.entries(ALWAYS).map(([act, word]) => item(said(act, word), () => choose(act, wish)));
  if (data.replayAct) picks.push(item(words[data.replayAct], () => choose(data.replayAct, wish)));
  if (failed) picks.push(item(fill(failed === 1 ? words.removeOne : words.removeMany, { n: failed }, locale), () => choose("remove", wish)));
  picks.push(item(words.copyLink, copyLink));
  return picks;
}

function place(list, button) {
  const at = button.getBoundingClientRect();
  const below = at.bottom + GAP + list.offsetHeight < innerHeight - EDGE;
  list.style.top = `${below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - list.offsetHeight)}px`;
  list.style.left = `${Math.max(EDGE, Math.min(at.right - list.offsetWidth, innerWidth - list.offsetWidth - EDGE))}px`;
}

function move(event, list, button) {
  const all = [...list.children];
  const here = all.indexOf(list.getRootNode().activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Tab" || event.key === "Escape") {
    if (event.key === "Escape") event.preventDefault();
    list.hidePopover();
    button.focus();
  }
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length].focus();
}

async function copy(data, button, said) {
  const done = await copied(location.origin + data.link, button);
  said.textContent = done ? data.words.linkCopied : data.words.linkNotCopied;
  setTimeout(() => (said.textContent = ""), SAID_MS);
}
