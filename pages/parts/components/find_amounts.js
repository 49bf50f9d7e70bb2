// Amounts and durations: at least and at most, which write into the line. What cannot be looked for is told beside them
// and stays as it was typed.

import { fill, make, money, seconds } from "./elements.js";
import { both, field } from "./find_ranges.js";

const GRAIN = { cost: 1e-9, took: 1 };
const SCALE = { cost: 1, took: 1_000 }; // what a field counts in, in units of the answer
const NUMBER = /^(\d{1,12}(\.\d{1,12})?|\.\d{1,12})$/; // as in core/line_values.py

// `change(keys, words)` writes other pieces for these keys. `drafts` keeps what cannot be looked for, by name, however often
// the fields are drawn anew.
export function amounts(name, answer, { words, locale }, drafts, change) {
  const shown = name === "cost" ? (value) => money(value, locale) : (value) => seconds(Number(value), locale);
  const [from, to] = answer.between[name] ?? [null, null], [least, most] = answer.ranges[name], draft = drafts.get(name);
  const end = (which, label, value, limit) =>
    field("text", `${name}-${which}`, label, { value, placeholder: limit === null ? "" : shown(limit), inputmode: "decimal", "aria-describedby": `${name}-wrong` });
  const low = end("from", words.find.least, draft?.low ?? number(name, from), least);
  const high = end("to", words.find.most, draft?.high ?? number(name, to, -1), most);
  const wrong = make("p", "mistake", "", { id: `${name}-wrong`, role: "alert", hidden: "" }), inputs = [low.input, high.input];
  const told = () => tell(mistake(name, ...inputs), inputs, wrong, words.find);
  const write = () => {
    if (told()) return drafts.set(name, { low: low.input.value, high: high.input.value });
    drafts.delete(name);
    change([name], limited(name, ...inputs));
  };
  for (const input of inputs) {
    input.onchange = write;
    input.onkeydown = (event) => {
      if (event.key === "Enter") input.blur();
    };
  }
  if (draft) told();
  return [both(low, high), wrong];
}

// What is wrong, and where: `why` is a sentence; null when nothing is.
function mistake(name, low, high) {
  const bad = [low, high].find((input) => read(input) && !NUMBER.test(read(input)));
  if (bad) return { input: bad, why: `no_${name}`, what: bad.value.trim() };
  const reversed = read(low) && read(high) && Number(read(low)) > Number(read(high));
  return reversed ? { input: high, why: "reversed" } : null;
}

function tell(trouble, inputs, node, words) {
  for (const input of inputs) {
    if (input === trouble?.input) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  node.hidden = !trouble;
  node.textContent = trouble ? fill(words[trouble.why], trouble) : "";
  return Boolean(trouble);
}

// The ends of the answer are from, included, and to, not included, to the last grain; nobody writes such numbers.
function number(name, end, grains = 0) {
  if (end === null) return "";
  const value = (Number(end) + grains * GRAIN[name]) / SCALE[name];
  return String(Number(value.toFixed(name === "cost" ? 6 : 3)));
}

const read = ({ value }) => value.trim().replace(/^\$\s*/, "").replace(",", ".").replace(/\s*s(ec)?$/i, "");

function limited(name, low, high) {
  const unit = name === "took" ? "s" : "", [from, to] = [read(low), read(high)];
  if (from && to) return `${name}:${from}..${to}${unit}`;
  return from ? `${name}:>=${from}${unit}` : to ? `${name}:<=${to}${unit}` : "";
}
