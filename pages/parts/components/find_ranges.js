// Dates, amounts and durations: two fields each, from and to, that write into the line.

import { make, money, seconds } from "./elements.js";

const EARLIEST = "1900";
const PRESETS = ["today", "7d", "1m", "1y"];
const GRAIN = { cost: 1e-9, took: 1 };
const SCALE = { cost: 1, took: 1_000 }; // what a field counts in, in units of the answer

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

export function amounts(name, answer, { words, locale }, change) {
  const shown = name === "cost" ? (value) => money(value, locale) : (value) => seconds(Number(value), locale);
  const [from, to] = answer.between[name] ?? [null, null], [least, most] = answer.ranges[name];
  const low = field("text", `${name}-from`, words.find.least, { value: number(name, from), placeholder: least === null ? "" : shown(least), inputmode: "decimal" });
  const high = field("text", `${name}-to`, words.find.most, { value: number(name, to, -1), placeholder: most === null ? "" : shown(most), inputmode: "decimal" });
  const write = () => change([name], limited(name, low.input, high.input));
  for (const { input } of [low, high]) {
    input.onchange = write;
    input.onkeydown = (event) => {
      if (event.key === "Enter") input.blur();
    };
  }
  return [both(low, high)];
}

function field(type, name, label, attributes) {
  const node = make("label", "end"), input = make("input", "", "", { type, "data-name": name, autocomplete: "off", ...attributes });
  node.append(make("span", "", label), input);
  return Object.assign(node, { input });
}

function both(from, to) {
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

// The ends of the answer are from, included, and to, not included, to the last grain; nobody writes such numbers.
function number(name, end, grains = 0) {
  if (end === null) return "";
  const value = (Number(end) + grains * GRAIN[name]) / SCALE[name];
  return String(Number(value.toFixed(name === "cost" ? 6 : 3)));
}

function limited(name, low, high) {
  const read = ({ value }) => value.trim().replace(/^\$/, "").replace(",", ".").replace(/\s*s(ec)?$/i, "");
  const unit = name === "took" ? "s" : "", [from, to] = [read(low), read(high)];
  if (from && to) return `${name}:${from}..${to}${unit}`;
  return from ? `${name}:>=${from}${unit}` : to ? `${name}:<=${to}${unit}` : "";
}
