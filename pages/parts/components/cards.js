// Conversations as cards: what it started from, its newest picture, title, how long ago, how much is in it. A plain
// click asks Streamlit to open one without loading the page anew; with a modifier or the middle button the browser
// opens the link itself.

import { button, make } from "./elements.js";

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ul");
  if (!list) parentElement.append((list = document.createElement("ul")));
  list.replaceChildren(...data.cards.map((card) => item(card, data, setTriggerValue)));
  clearInterval(list.ticking);
  list.ticking = setInterval(() => list.querySelectorAll("time").forEach((node) => tick(node, data)), 30_000);
  return () => parentElement.isConnected || clearInterval(list.ticking); // also called when quick news overtook this call
}

function item(card, data, tell) {
  const link = make("a", "card");
  link.href = data.page + encodeURIComponent(card.id);
  link.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    tell("open", card.id);
  };
  link.append(cover(card, data), make("span", "title", card.title), facts(card, data));
  const entry = document.createElement("li");
  entry.append(link, ...data.acts.map((act) => button("act", act, `${data.words[act]}: ${card.title}`, () => {
    if (act === "restore") entry.classList.add("leaving"); // the others ask first
    tell("act", { act, id: card.id });
  })));
  return entry;
}

function cover(card, data) {
  const frame = make("span", "cover");
  if (card.cover) {
    const image = document.createElement("img");
    Object.assign(image, { loading: "lazy", decoding: "async", alt: "", src: `${data.base}${card.cover}/512` });
    if (card.placeholder) frame.style.backgroundImage = `url("${card.placeholder}")`;
    frame.append(image);
  } else {
    frame.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="3" y="4" width="18" height="16" rx="3"/><circle cx="9" cy="10" r="1.6"/><path d="M4 18l5-5 4 4 3-3 4 4"/></svg>';
  }
  if (card.source && card.source !== card.cover) frame.append(source(card, data));
  if (card.working) frame.append(make("span", "working", data.words.working));
  else if (card.unread) frame.append(make("span", "news", data.words.news));
  return frame;
}

function source(card, data) {
  const image = document.createElement("img");
  Object.assign(image, { className: "source", loading: "lazy", decoding: "async", alt: data.words.source, title: data.words.source, src: `${data.base}${card.source}/256` });
  return image;
}

function facts(card, data) {
  const line = make("span", "facts");
  const time = make("time");
  time.dateTime = card.at;
  time.title = new Date(card.at).toLocaleString(data.language);
  tick(time, data);
  line.append(time, ` · ${card.turns} · ${card.images}`);
  if (card.gone) line.append(make("span", "gone", card.gone));
  return line;
}

const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

function tick(node, data) {
  const passed = (Date.now() - Date.parse(node.dateTime)) / 1000;
  const [unit, length] = STEPS.find(([, length]) => passed >= length) ?? [null, 1];
  const format = new Intl.RelativeTimeFormat(data.language, { numeric: "auto" });
  node.textContent = unit ? format.format(-Math.floor(passed / length), unit) : data.words.now;
}
