// What the map says of a node: in short on the map itself, in full beside it, and in one sentence for who only hears it.

import { fill, make, money, seconds } from "./elements.js";
import { around } from "./lineage_tree.js";

const SHORT = 70; // characters of a run on an edge
const CHIPS = 2, CHIP = 18; // on an edge, and characters in one of them

// The words of a change: what was added is underlined, what is gone is struck through, and both say so to a reader.
export function runs(words, change) {
  return change.flatMap(([kind, text]) => {
    if (kind === "kept") return [make("span", "kept", text)];
    const trimmed = text.trimEnd();
    const node = make(kind === "added" ? "ins" : "del", "", trimmed);
    node.prepend(make("span", "unseen", `${kind === "added" ? words.added : words.gone} `));
    return [node, text.slice(trimmed.length) || (kind === "gone" ? " " : "")];
  });
}

// What an edge has room for.
export function edge(node, { words }) {
  const { change } = node, box = make("div", "edge"), said = make("p", "said");
  if (!change) return box.append(make("span", "kept", words.fromUpload)), box;
  if (change.words.every(([kind]) => kind === "kept")) said.append(make("span", "kept", words.sameWords));
  else said.append(...runs(words, around(change.words).map(([kind, text]) => [kind, short(kind, text)])));
  box.append(said);
  const chips = others(change, words);
  if (chips.length) box.append(make("p", "chips"));
  for (const [name, before, after] of chips.slice(0, CHIPS)) box.lastChild.append(chip(name, before, after));
  if (chips.length > CHIPS) box.lastChild.append(make("span", "chip", `+${chips.length - CHIPS}`));
  return box;
}

// What changed beside the words: [name, before, after].
export function others(change, words) {
  const models = change.models ? [[words.model, ...change.models.map((names) => names.join(", "))]] : [];
  const settings = change.settings.map(([name, before, after]) => [
    words.settings[name] ?? name, before ?? words.unset, after ?? words.unset]);
  return [...models, ...settings];
}

export function swap(before, after) {
  const box = make("span", "swap");
  box.append(make("span", "before", before), make("span", "arrow", " → "), make("span", "after", after));
  return box;
}

function chip(name, before, after) {
  const node = make("span", "chip", "", { title: `${name}: ${before} → ${after}` });
  node.append(before.length + after.length > CHIP ? swap("", after) : swap(before, after));
  return node;
}

function short(kind, text) {
  if (text.length <= SHORT) return text;
  const head = text.slice(0, SHORT), space = head.lastIndexOf(" ");
  return `${space > SHORT / 2 ? head.slice(0, space) : head}…`;
}

// "Turn 3", and within a sentence "turn 3".
export function turnName(node, { words, locale }, within = false) {
  if (!node.outside) return fill(within ? words.theTurn : words.turn, { n: node.position }, locale);
  if (!node.conversation) return within ? words.theUpload : words.upload;
  return within ? words.theOther : words.elsewhere;
}

export function models(node, data) {
  return node.outside ? node.title || turnName(node, data) : node.models.join(", ");
}

export function cost(node, { words, locale }) {
  if (node.practice) return words.practice;
  if (node.cost === null) return node.basis === "unknown" ? words.costUnknown : "";
  const amount = money(node.cost, locale);
  if (node.basis === "unknown") return fill(words.atLeast, { cost: amount }, locale);
  return node.basis === "estimated" ? fill(words.about, { cost: amount }, locale) : amount;
}

export function facts(node, data) {
  if (node.outside) return node.trashed ? data.words.trashed : node.conversation ? turnName(node, data) : "";
  const took = node.ms === null ? "" : seconds(node.ms, data.locale);
  return [cost(node, data), took].filter(Boolean).join(" · ");
}

// How it stands, as far as not all went well: "1 did not work · 2 at work".
export function standing(node, { words, locale }) {
  const told = ["queued", "running", "failed", "canceled"].filter((status) => node.counts[status]);
  const parts = told.map((status) => fill(words.counts[status], { n: node.counts[status] }, locale));
  if (!told.length && !node.images.length && !node.outside) parts.push(words.gonePictures);
  return parts.join(" · ");
}

// Everything that the map shows of a node, for who walks it by ear.
export function spoken(node, tree, data) {
  const { words, locale } = data;
  const parent = tree.get(tree.parent(node.id));
  const told = [turnName(node, data)];
  if (parent) told.push(fill(words.from, { turn: turnName(parent, data, true) }, locale));
  const change = node.change ? around(node.change.words) : [];
  for (const [kind, word] of [["added", words.added], ["gone", words.gone]]) {
    const text = change.filter(([is]) => is === kind).map(([, text]) => text.trim()).join(", ");
    if (text) told.push(`${word} ${text}`);
  }
  if (!change.length) told.push(node.prompt);
  for (const [name, before, after] of node.change ? others(node.change, words) : []) told.push(`${name} ${before} → ${after}`);
  const images = fill(node.images.length === 1 ? words.image : words.images, { n: node.images.length }, locale);
  told.push(models(node, data), facts(node, data), standing(node, data), images);
  const below = tree.below.get(node.id);
  if (tree.folded.has(node.id)) told.push(fill(words.folded, { n: below }, locale));
  return told.filter(Boolean).join(". ");
}
