// What could be written at the caret: keys, then values with how many images have them.

import { pieceAt } from "./find_pieces.js";

const MOST = 9;
const ENOUGH = 2; // letters before values of all keys are offered

// Each offer: { word, label, hint, n, goesOn, example, start, end }; `goesOn` says that a value must follow, `example` that
// it is one of very many values.
export function offers(text, caret, answer, words) {
  if (!answer) return [];
  const piece = pieceAt(text, caret);
  const place = piece ? { start: piece.start + (piece.minus ? 1 : 0), end: piece.end } : { start: caret, end: caret };
  const typed = piece ? text.slice(place.start, caret).toLowerCase() : "";
  const found = piece?.key && piece.key in answer.suggested
    ? values(piece.key, typed.slice(piece.key.length + 1).replace(/^"/, ""), answer, words)
    : [...keys(typed, answer, words), ...(typed.length < ENOUGH || typed.startsWith('"') ? [] : anywhere(typed, answer, words))];
  return found.slice(0, typed ? MOST : Infinity).map((offer) => ({ ...offer, ...place }));
}

function keys(typed, answer, words) {
  return Object.keys(answer.suggested)
    .filter((key) => key.startsWith(typed) && offered(key, answer))
    .map((key) => ({ word: `${key}:`, label: `${key}:`, hint: words[`key_${key}`] ?? "", goesOn: true }));
}

// Keys of facets of which there is nothing to pick are no help.
function offered(key, answer) {
  return answer.suggested[key].length > 0 || choices(answer).some(({ choice }) => keyOf(choice.word) === key);
}

function values(key, typed, answer, words) {
  const own = choices(answer).filter(({ choice }) => keyOf(choice.word) === key && choice.n > 0);
  const counted = matching(own, typed, words);
  const said = answer.suggested[key]
    .filter((value) => value.startsWith(typed) && !own.some(({ choice }) => choice.word === `${key}:${value}`))
    .filter((value) => !own.length || key === "sort") // what has no image is no help either
    .map((value) => ({ word: `${key}:${value}`, label: words[`${key}_${value}`] ?? value, hint: `${key}:${value}`, example: /\d/.test(value) }));
  return [...counted, ...said];
}

function anywhere(typed, answer, words) {
  return matching(choices(answer).filter(({ choice }) => choice.n > 0), typed, words);
}

// Those that begin so come first, then those with more images.
function matching(all, typed, words) {
  const place = (label, word) => {
    const value = word.slice(word.indexOf(":") + 1).replace(/^"/, "").toLowerCase(), name = label.toLowerCase();
    if (value.startsWith(typed) || name.startsWith(typed)) return 0;
    return value.includes(typed) || name.includes(typed) ? 1 : -1;
  };
  return all
    .map(({ facet, choice }) => ({ word: choice.word, label: called(facet, choice, words), hint: choice.word, n: choice.n, none: !choice.value }))
    .map((offer) => ({ offer, at: typed ? place(offer.label, offer.word) : 0 }))
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at || one.offer.none - other.offer.none || other.offer.n - one.offer.n)
    .map(({ offer }) => offer);
}

const choices = (answer) =>
  Object.entries(answer.facets).flatMap(([facet, all]) => all.filter(({ word }) => !word.startsWith("-")).map((choice) => ({ facet, choice })));

const keyOf = (word) => word.slice(0, word.indexOf(":"));

// What a value of a facet is called on screen.
export function called(facet, { value, label }, words) {
  return label || words[`${facet}_${value || "none"}`] || value;
}
