// What is picked, each with a way to take it away, and a way to take all away.

import { count, day, fill, icon, make, money } from "./elements.js";

const DATES = ["after", "before", "on"];
const UNITS = { d: "day", w: "week", m: "month", y: "year" };

export class Chips {
  // `on`: { remove(piece), clear() }
  constructor(data, on) {
    Object.assign(this, { data, on });
    this.node = make("div", "chips", "", { role: "group", "aria-label": data().words.find.chips, hidden: "" });
  }

  // Words to search for stand in the line already; a chip for each would say them twice.
  show(answer) {
    const { words } = this.data(), focused = this.node.contains(this.node.getRootNode().activeElement);
    const chips = answer.pieces.filter(({ key }) => key).map((piece) => this.#chip(piece, answer));
    const clear = make("button", "clear", words.find.clear, { type: "button" });
    clear.onclick = () => this.on.clear();
    this.node.replaceChildren(...chips, clear);
    this.node.hidden = !chips.length;
    if (focused && !this.node.hidden) this.node.querySelector("button").focus(); // what had the keyboard was taken away
  }

  #chip(piece, answer) {
    const { words, locale } = this.data();
    const label = told(piece, answer, words.find, locale);
    const node = make("button", piece.minus ? "chip minus" : "chip", "", { type: "button", title: piece.text });
    node.setAttribute("aria-label", fill(words.find.remove, { what: label }));
    node.append(make("span", "", label), icon("close"));
    node.onclick = () => this.on.remove(piece);
    return node;
  }
}

// A piece of the line as people say it.
export function told(piece, answer, words, locale) {
  const said = named(piece, answer, words, locale);
  return piece.minus ? fill(words.not, { what: said }) : said;
}

// What a piece of the line is about, whether it is wanted or left out.
export function named({ key, value, label, picks }, answer, words, locale) {
  if (!key) return value;
  if (DATES.includes(key)) return dated(key, value, words, locale);
  if (key === "cost") return `${words.cost} ${ranged(value, (number) => money(number.replace("$", ""), locale))}`;
  if (key === "took") return `${words.took} ${ranged(value, (number) => number.replace(/\s*([a-z]+)$/i, " $1"))}`;
  if (key === "by" && !answer.facets.person?.length) return words.by_alone;
  const own = words[`whole_${key}`] ?? words[`${key}_${value.toLowerCase()}`];
  if (own) return own;
  const [facet, picked] = picks.length === 1 ? picks[0] : [];
  return `${words[`facet_${key}`] ?? key}: ${label || words[`${facet}_${picked || "none"}`] || value}`;
}

function dated(key, value, words, locale) {
  const ago = value.match(/^(\d+)\s*([dwmy])$/i);
  if (ago && key === "after") return count(words, `last_${UNITS[ago[2].toLowerCase()]}`, Number(ago[1]), locale);
  const exact = value.match(/^(\d{4})-(\d\d?)-(\d\d?)$/);
  if (!exact) return fill(words[`${key}_day`], { day: words[`day_${value.toLowerCase()}`] ?? value });
  const last = key === "before"; // the day before it still counts, which is the one that was picked among the filters
  const when = day(new Date(exact[1], exact[2] - 1, exact[3] - (last ? 1 : 0)), locale);
  return fill(last ? words.until_day : words[`${key}_day`], { day: when });
}

function ranged(value, number) {
  const one = (text) => text.replace(/^(>=|<=|>|<|=|)\s*(.+)$/, (_, sign, rest) => `${{ ">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< " }[sign] ?? ""}${number(rest)}`);
  const [low, high] = value.split(/\.\.|…/);
  if (high === undefined) return one(value);
  return low && high ? `${one(low)} – ${one(high)}` : low ? `≥ ${one(low)}` : `≤ ${one(high)}`;
}
