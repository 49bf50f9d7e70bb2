// The words of a query line, as core/line.py cuts them, and a line with one of them changed.

const PIECE = /(-?)(?:(\p{L}+):(?:"((?:[^"]|"")*)"?|(\S*))|"([^"]*)"?|(\S+))/gu;
const QUOTES = /[“”„‟]/g; // phones write them by themselves

// `key` is "" for words to search for; `value` is without quotes.
export function pieces(text) {
  return [...text.replace(QUOTES, '"').matchAll(PIECE)].map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
    text: text.slice(found.index, found.index + found[0].length),
    minus: found[1] === "-",
    key: (found[2] ?? "").toLowerCase(),
    value: found[2] ? (found[3] ?? found[4] ?? "").replaceAll('""', '"') : (found[5] ?? found[6]),
  }));
}

// The piece in which somebody is writing.
export function pieceAt(text, caret) {
  return pieces(text).find(({ start, end }) => start < caret && caret <= end) ?? null;
}

// The pieces on which these characters lie.
export function touched(text, { start, end }) {
  return pieces(text).filter((piece) => piece.start < end && start < piece.end);
}

// The pieces that say the same: on screen may still be what was answered to another line.
export function same(text, said) {
  return pieces(text).filter((piece) => piece.text === said);
}

// The line with `words` in the place of these pieces; without words they are gone.
export function replaced(text, gone, words = "") {
  let rest = text, at = null;
  for (const { start, end } of [...gone].sort((one, other) => other.start - one.start)) {
    rest = rest.slice(0, start) + rest.slice(end);
    at = start;
  }
  if (at === null) at = rest.length;
  return tidy(`${rest.slice(0, at)} ${words} ${rest.slice(at)}`);
}

export function without(text, ...gone) {
  return replaced(text, gone);
}

// One blank between words, but what stands in quotes stays as it is.
export function tidy(text) {
  return pieces(text).map((piece) => piece.text).join(" ");
}

// The line with this value of a facet picked, or no longer, as somebody wants it (`on`). `answer` says what each piece
// picks; `drawn` is what they clicked, which may be older.
export function toggled(text, answer, facet, drawn, on) {
  const choice = answer.facets[facet]?.find(({ value }) => value === drawn.value) ?? { ...drawn, picked: 0 };
  const picks = ({ picks, minus }, sign) => minus === (sign < 0) && picks.some(([name, value]) => name === facet && value === choice.value);
  if (!choice.picked) return on ? replaced(text, [], choice.word) : text;
  if (on && choice.picked > 0) return text;
  const holding = answer.pieces.filter((piece) => picks(piece, choice.picked));
  const others = holding.flatMap((piece) => piece.picks)
    .filter(([name, value]) => value !== choice.value || name !== facet)
    .map(([name, value]) => answer.facets[name].find((one) => one.value === value))
    .filter((one) => one && one.n)
    .map(({ word }) => (choice.picked < 0 ? `-${word}` : word));
  return replaced(text, holding, [...new Set(others)].join(" "));
}

// The line with other pieces for all that have one of these keys.
export function keyed(text, keys, words) {
  return replaced(text, pieces(text).filter(({ key }) => keys.includes(key)), words);
}
