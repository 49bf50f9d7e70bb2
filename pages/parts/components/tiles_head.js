// The head of a turn: its number, what was asked, what it starts from, its settings. All of it is text, never markup.

import { make, moment } from "./elements.js";

const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];
const LONG = 420; // characters of a prompt that are shown at first

// `menu` is what can be done with the turn, ready to be placed.
export function head(data, menu) {
  const first = make("div", "first");
  const heading = make("h2");
  heading.append(make("a", "name-link", data.name, { href: data.link }));
  first.append(heading, badge(data));
  if (data.replay) first.append(make("span", "replay", data.replay));
  first.append(when(data), menu);
  return [first, prompt(data), ...references(data), settings(data)];
}

export function tickTime(node, data) {
  const time = node.querySelector("time");
  const text = ago(data);
  if (time.textContent !== text) time.textContent = text;
}

function badge(data) {
  const node = make("span", "progress");
  const pill = make("span", "badge", "0");
  node.append(pill, make("span", "reassure", data.words.reassure));
  return node;
}

function when(data) {
  return make("time", "", ago(data), {
    datetime: new Date(data.asked).toISOString(),
    title: moment(data.asked, data.locale),
  });
}

function ago({ asked, locale, words }) {
  const passed = (Date.now() - asked) / 1000;
  const step = STEPS.find(([, length]) => passed >= length);
  if (!step) return words.justNow;
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-Math.floor(passed / step[1]), step[0]);
}

function prompt(data) {
  const long = data.prompt.length > LONG || data.prompt.split("\n").length > 8;
  const node = make("div", long ? "asked folded" : "asked");
  node.append(make("p", "prompt", data.prompt));
  if (!long) return node;
  const more = make("button", "more", data.words.more, { type: "button", "aria-expanded": "false" });
  more.onclick = () => {
    const folded = node.classList.toggle("folded");
    more.textContent = folded ? data.words.more : data.words.less;
    more.setAttribute("aria-expanded", String(!folded));
  };
  node.append(more);
  return node;
}

function references(data) {
  if (!data.references.length) return [];
  const list = make("ul", "references");
  for (const { id, role, placeholder } of data.references) {
    const name = data.words.roles[role] ?? role;
    const figure = make("figure");
    const image = make("img", "", "", { src: `${data.media}${id}/256`, alt: name, width: 56, height: 56, loading: "lazy" });
    if (placeholder) image.style.backgroundImage = `url("${placeholder}")`;
    figure.append(image, make("figcaption", "", name));
    const entry = make("li");
    entry.append(figure);
    list.append(entry);
  }
  return [list];
}

function settings(data) {
  const box = make("details", "settings");
  const list = make("dl");
  for (const [name, value] of data.settings) list.append(make("dt", "", name), make("dd", "", value));
  box.append(make("summary", "", data.summary), list, timings(data));
  return box;
}

function timings(data) {
  const table = make("table");
  const names = make("thead");
  names.append(row(data.words.columns, "col"));
  const body = make("tbody");
  body.append(...data.timings.map((cells) => row(cells, "row")));
  table.append(names, body);
  const wide = make("div", "wide", "", { tabindex: "0", role: "region", "aria-label": data.words.timings });
  wide.append(table);
  return wide;
}

function row(cells, scope) {
  const line = make("tr");
  line.append(...cells.map((cell, i) => (i && scope === "row" ? make("td", "", cell) : make("th", "", cell, { scope }))));
  return line;
}
