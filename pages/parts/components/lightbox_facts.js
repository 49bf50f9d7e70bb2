// The facts of an image: how it was made, what it cost, and what was asked.

import { bytes, fill, make, moment, money, seconds } from "./elements.js";

export function facts(detail, { words, locale }) {
  return list("facts", [
    [words.model, detail.model],
    [words.cost, cost(detail, words, locale)],
    [words.tree, whole(detail.tree, words, locale)],
    [words.duration, detail.duration_ms === null ? "" : seconds(detail.duration_ms, locale)],
    [words.size, `${detail.width} × ${detail.height} · ${bytes(detail.size, locale)} · ${kind(detail.mime)}`],
    [words.date, moment(detail.created_at, locale)],
  ]);
}

// What its turn was asked with; the seed is the one that made this image.
export function parameters(detail, { words, locale }) {
  const asked = { ...detail.settings, seed: detail.seed };
  const said = Object.entries(words.settings).map(([name, label]) => [label, plain(asked[name], locale)]);
  return list("parameters", [
    [words.models, detail.asked.length > 1 ? detail.asked.join(", ") : ""],
    ...said,
    [words.left_out, detail.left_out.join("\n")],
  ]);
}

function list(className, pairs) {
  const box = make("dl", className);
  for (const [name, value] of pairs) if (value) box.append(make("dt", "", name), make("dd", "", value));
  return box;
}

function plain(value, locale) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? value.toLocaleString(locale) : String(value);
}

function cost({ practice, cost: paid, cost_basis: basis }, words, locale) {
  if (practice) return Number(paid) ? fill(words.practice_price, { cost: money(paid, locale) }) : words.practice_free;
  if (paid === null) return words.cost_unknown;
  return `${money(paid, locale)}, ${words[`basis_${basis}`] ?? words.basis_unknown}`;
}

// Everything that led to it and beside it; of one call that is the cost itself.
function whole(tree, words, locale) {
  if (!tree || tree.calls < 2) return "";
  const told = fill(words.tree_cost, { cost: money(tree.cost, locale), n: tree.calls }, locale);
  return Number(tree.possible) ? `${told} ${fill(words.tree_possible, { cost: money(tree.possible, locale) })}` : told;
}

const kind = (mime) => mime.replace("image/", "").replace("jpeg", "jpg").toUpperCase();
