// Small pieces that components draw with: elements, icons, and facts in the reader's language.

const PATHS = {
  open: "M15 4h5v5M20 4l-7 7M9 20H4v-5M4 20l7-7",
  create: "M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9zM19 16l.8 2.2L22 19l-2.2.8L19 22l-.8-2.2L16 19l2.2-.8z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  post: "M5 4h14v16H5zM8.5 14.5h7M8.5 17h4M8 7h8v4.5H8z",
  conversation: "M4 5h16v11H9l-5 4z",
  find: "M4 5h9v7H8l-4 3zM16 10.5a4 4 0 1 1-2.8 6.8M19.5 18l2.5 2.5",
  close: "M6 6l12 12M18 6L6 18",
  previous: "M14.5 5L8 12l6.5 7",
  next: "M9.5 5l6.5 7-6.5 7",
  trash: "M5 7h14M10 11v6M14 11v6M7 7l1 12.5h8L17 7M9.5 7V4.5h5V7",
  purge: "M5 7h14M10.2 11l3.6 5.5M13.8 11l-3.6 5.5M7 7l1 12.5h8L17 7M9.5 7V4.5h5V7",
  restore: "M4.5 12a7.5 7.5 0 1 1 2.3 5.4M4 18v-6h6",
  up: "M12 19V6M6 11l6-6 6 6",
  star: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  starred: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  choose: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M8 12.3l2.7 2.7 5.3-5.6",
  project: "M3.5 6.5h6l2 2.5h9v9.5h-17z",
  calendar: "M4.5 6h15v13.5h-15zM4.5 10h15M8.5 3.8V7M15.5 3.8V7",
  square: "M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z",
  justified: "M4.5 4.5h9v6h-9zM16.5 4.5h3v6h-3zM4.5 13.5h4v6h-4zM11.5 13.5h8v6h-8z",
  edit: "M4.5 19.5l1-4.2L16.2 4.6a1.8 1.8 0 0 1 2.6 0l.6.6a1.8 1.8 0 0 1 0 2.6L8.7 18.5zM14 7l3 3",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 11v5.5M12 7.6v.1",
  larger: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16.2 16.2L21 21M11 8v6M8 11h6",
  keys: "M3 6.5h18v11H3zM7 10h.1M10.3 10h.1M13.6 10h.1M17 10h.1M8 14h8",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L20.5 20.5",
  filters: "M4 7h9M17 7h3M15 4.8v4.4M4 12h3M11 12h9M9 9.8v4.4M4 17h11M19 17h1M17 14.8v4.4",
  view: "M6.5 4h11v16l-5.5-4-5.5 4z",
  more: "M5.2 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M17.8 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0",
  down: "M6 9.5l6 6 6-6",
  team: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M3.5 19c.4-3.4 2.6-5 5.5-5s5.1 1.6 5.5 5M15.5 5.4a3.2 3.2 0 0 1 0 5.9M17 14.3c2 .6 3.2 2.2 3.5 4.7",
  pile: "M4.5 8.5h11v11h-11zM8.5 8V4.5h11v11H16",
};

export function make(name, className = "", text = "", attributes = {}) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// One element; its shape is a mask, its colour that of the words around it (see `.icon` in the style sheets).
export function icon(name) {
  const node = make("span", "icon", "", { "aria-hidden": "true" });
  node.style.setProperty("--icon", `url("data:image/svg+xml,${encodeURIComponent(drawing(name))}")`);
  return node;
}

const FILLED = ["starred"];

const drawing = (name) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="${FILLED.includes(name) ? "#000" : "none"}"` +
  ` stroke="#000" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d="${PATHS[name]}"/></svg>`;

// Somebody writes, or something else is open: a key of the page behind means nothing to them.
export function engaged(event) {
  const path = event.composedPath();
  if (path[0].matches?.("input, textarea, select, [contenteditable]")) return true;
  return path.some(({ nodeName }) => nodeName === "DIALOG") || Boolean(document.querySelector("[role=dialog]"));
}

// A button with an icon; the label is on screen too when `shown`, else only for screen readers and as tooltip.
export function button(className, iconName, label, onclick, shown = false) {
  const node = make("button", className, "", { type: "button" });
  node.append(icon(iconName));
  label_(node, label, shown);
  node.onclick = onclick;
  return node;
}

// A button that does nothing now, as its own click has to see to. A disabled one would lose the keyboard.
export function dim(node, off) {
  node.setAttribute("aria-disabled", String(off));
}

export function link(className, iconName, label, shown = false) {
  const node = make("a", className);
  node.append(icon(iconName));
  label_(node, label, shown);
  return node;
}

function label_(node, label, shown) {
  if (shown) return node.append(make("span", "", label));
  node.title = label;
  node.setAttribute("aria-label", label);
}

// "{n} images" with { n: 1234 } → "1,234 images"
export function fill(text, values, locale) {
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? values[name].toLocaleString(locale) : (values[name] ?? ""));
}

// words.image = "{n} image", words.images = "{n} images"
export function count(words, name, n, locale) {
  return fill(n === 1 ? words[name] : words[`${name}s`], { n }, locale);
}

export function day(at, locale) {
  return formatter(locale, "day", { day: "numeric", month: "short", year: "numeric" }).format(at);
}

export function month(at, locale) {
  return formatter(locale, "month", { month: "long", year: "numeric" }).format(at);
}

// Making one takes longer than all else of a tile; every tile says its day.
const formatters = new Map();

function formatter(locale, name, options) {
  const key = `${locale} ${name}`;
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(locale, options));
  return formatters.get(key);
}

export function moment(at, locale) {
  return new Date(at).toLocaleString(locale, { dateStyle: "long", timeStyle: "short" });
}

export function bytes(n, locale) {
  const [unit, size] = n >= 1e6 ? ["MB", n / 1e6] : ["kB", n / 1e3];
  return `${size.toLocaleString(locale, { maximumFractionDigits: size < 10 ? 1 : 0 })} ${unit}`;
}

export function seconds(ms, locale) {
  const s = ms / 1000;
  return `${s.toLocaleString(locale, { maximumFractionDigits: s < 10 ? 1 : 0 })} s`;
}

// US dollars; below a cent with as many digits as it takes to see something.
export function money(text, locale) {
  const small = Number(text) > 0 && Number(text) < 0.01;
  return Number(text).toLocaleString(locale, {
    style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumFractionDigits: small ? 4 : 2,
  });
}

// Our rows over HTTP. Throws an Error whose message is the server's sentence; `status` and `said` tell the rest.
export async function rows(path, signal, source = "/api/gallery") {
  const answer = await fetch(`${location.origin}${source}${path}`, { signal, headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(said.error ?? `${answer.status}`), { status: answer.status, said });
}

export function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// In the browser's memory, from one visit to the next.
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing: it is asked anew next time
  }
}

export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
