// How platforms count, while somebody writes: the same rules as core/platforms.py, which says where they come from.

const ENDINGS =
  "com|org|net|edu|gov|int|io|co|app|dev|ai|info|biz|shop|store|news|blog|tv|me|eu|uk|us|ca|au|nz|ie|de|at|ch|fr|be|nl" +
  "|es|pt|br|mx|ar|it|pl|se|no|dk|fi|jp|kr|cn|in|za";
const LINK = new RegExp(
  `https?://\\S+|(?<![@\\p{L}\\p{N}_.-])(?:[a-z0-9-]+\\.)+(?:${ENDINGS})(?![\\p{L}\\p{N}_-])(?:/\\S*)?`, "giu");
const AFTER_LINK = /[.,;:!?'")\]}»”’…]+$/u;
const BASE =
  "[\\u203c\\u2049\\u2122\\u2139\\u2194-\\u21aa\\u231a-\\u23ff\\u24c2\\u25aa-\\u25fe\\u2600-\\u27bf\\u2934\\u2935\\u2b05-\\u2b55" +
  "\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1f1e5}\\u{1f200}-\\u{1faff}]";
const PART = `${BASE}(?:\\ufe0f|[\\u{1f3fb}-\\u{1f3ff}])?`;
const EMOJI = new RegExp(
  `[\\u{1f1e6}-\\u{1f1ff}]{2}|[0-9#*]\\ufe0f?\\u20e3|[\\xa9\\xae]\\ufe0f|${PART}(?:[\\u{e0020}-\\u{e007f}]+)?(?:\\u200d${PART})*`, "gu");
const HASHTAG = /(?<![\p{L}\p{N}_&])#[\p{L}\p{N}_]*[\p{L}][\p{L}\p{N}_]*/gu;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];

export function points(text) {
  return [...text].length;
}

export function length(platform, text) {
  if (platform.unit === "weighted") return weight(text.normalize("NFC"));
  if (platform.unit === "utf16") return text.length;
  const emoji = platform.unit === "emoji bytes" ? text.match(EMOJI) ?? [] : [];
  return emoji.reduce((sum, found) => sum + bytes(found) - points(found), points(text));
}

export function hashtags(text) {
  return (text.match(HASHTAG) ?? []).length;
}

// The caption, a blank line, and as many of the hashtags as the platform takes.
export function composed(platform, caption, tags) {
  const told = tags.slice(0, platform.hashtags ?? tags.length).map((tag) => `#${tag}`).join(" ");
  return [caption.trim(), told].filter(Boolean).join("\n\n");
}

// A hashtag without its #, spaces and signs.
export function hashtag(text) {
  return [...text].filter((c) => /[\p{L}\p{N}_]/u.test(c)).join("").slice(0, 100);
}

function weight(text) {
  let links = 0;
  const rest = text.replace(LINK, (found) => {
    links += 1;
    return found.match(AFTER_LINK)?.[0] ?? "";
  });
  const emoji = (rest.match(EMOJI) ?? []).length;
  const letters = [...rest.replace(EMOJI, "")].reduce((sum, c) => sum + letter(c.codePointAt(0)), 0);
  return links * 23 + emoji * 2 + letters;
}

function letter(point) {
  return LIGHT.some(([first, last]) => first <= point && point <= last) ? 1 : 2;
}

function bytes(text) {
  return new TextEncoder().encode(text).length;
}
