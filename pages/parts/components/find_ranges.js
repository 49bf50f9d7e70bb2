// Two fields, from and to, that write into the line: what all of them share, and those for dates.

import { make } from "./elements.js";

const EARLIEST = "1900";
const PRESETS = ["today", "7d", "1m", "1y"];

// `change(keys, words)` writes other pieces for these keys.
export function dates(answer, { words, locale }, change) {
  const [from, to] = answer.between.made ?? [null, null], [least, most] = answer.ranges.made;
  const day = (moment, back = 0) => (moment ? local(new Date(Date.parse(moment) - back)) : "");
  const limits = { min: day(least), max: day(most) };
  const start = field("date", "made-from", words.find.from, { value: day(from), ...limits });
  const end = field("date", "made-to", words.find.to, { value: day(to, 1), ...limits });
  const write = () => change(["after", "before", "on"], spanned(said(start.input), said(end.input)));
  for (const { input } of [start, end]) picked(input, write);
  const presets = make("div", "presets");
  for (const value of PRESETS) {
    const on = answer.pieces.some(({ key, value: said }) => key === "after" && said.toLowerCase() === value);
    const node = make("button", "preset", words.find[`preset_${value}`], { type: "button", "aria-pressed": on, "data-name": `made-${value}` });
    node.onclick = () => change(["after", "before", "on"], on ? "" : `after:${value}`);
    presets.append(node);
  }
  const ends = both(start, end);
  ends.classList.add("dates");
  return [presets, ends];
}

// A browser tells of a date with each digit of its year; whoever types one is done when they leave or press Enter.
function picked(input, write) {
  let typing = false;
  const done = () => {
    typing = false;
    const value = said(input);
    if (value === input.defaultValue) return;
    input.defaultValue = value;
    write();
  };
  input.onkeydown = ({ key }) => (key === "Enter" ? input.blur() : (typing = true));
  input.onchange = () => typing || done();
  input.onblur = done;
}

// While it is not a whole date, what it was before.
function said({ value, defaultValue, validity }) {
  return validity.badInput || (value && value < EARLIEST) ? defaultValue : value;
}

export function field(type, name, label, attributes) {
  const node = make("label", "end"), input = make("input", "", "", { type, "data-name": name, autocomplete: "off", ...attributes });
  node.append(make("span", "", label), input);
  return Object.assign(node, { input });
}

export function both(from, to) {
  const row = make("div", "ends");
  row.append(from, to);
  return row;
}

function local(date) {
  const two = (n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// Both days count.
function spanned(from, to) {
  if (from && from === to) return `on:${from}`;
  const after = to && new Date(`${to}T12:00`);
  if (after) after.setDate(after.getDate() + 1);
  return [from && `after:${from}`, to && `before:${local(after)}`].filter(Boolean).join(" ");
}
