// In the place of the grid when nothing was found: the nearest word, and what could be taken away.

import { button, count, fill, icon, make } from "./elements.js";
import { named } from "./find_chips.js";

// The line is wrong and there is nothing else to show; what is wrong stands under it.
export function unread({ words }, clear) {
  const box = make("div", "nothing");
  box.append(make("h2", "", words.find.unread), button("strong", "close", words.find.show_all, clear, true));
  return box;
}

// `on`: { take(way), clear() }
export function nothing(answer, { words, locale }, on) {
  const { find } = words, box = make("div", "nothing", "", { role: "status" });
  const meant = answer.ways.filter(({ word }) => word), without = answer.ways.filter(({ word }) => !word);
  const lens = make("div", "lens");
  lens.append(icon("search"));
  box.append(lens, make("h2", "", find.nothing));
  for (const way of meant) box.append(didYouMean(way, find, locale, on));
  if (!meant.length) box.append(make("p", "", answer.pieces.length > 1 ? find.nothing_all : find.nothing_one));
  const ways = make("div", "ways");
  for (const way of without) {
    const piece = answer.pieces.find(({ start }) => start === way.start), what = named(piece, answer, find, locale);
    const node = make("button", "way", "", { type: "button" });
    node.append(make("span", "", fill(piece.minus ? find.with_too : find.without, { what })), make("span", "n", count(words.find, "image", way.n, locale)));
    node.onclick = () => on.take(way);
    ways.append(node);
  }
  if (without.length) box.append(ways);
  box.append(button("strong", "close", find.show_all, on.clear, true));
  return box;
}

function didYouMean(way, words, locale, on) {
  const line = make("p", "meant"), word = make("button", "link", way.word, { type: "button" });
  word.onclick = () => on.take(way);
  const [before, after] = words.meant.split("{word}");
  line.append(before, word, after);
  if (way.n) line.append(make("span", "n", ` ${count(words, "image", way.n, locale)}`));
  return line;
}
