// One generation as a tile: waiting, at work, a picture, or why there is none and what to do about it.

import { fill, make, money, seconds } from "./elements.js";
import { elapsed, fraction, late } from "./tiles_pace.js";
import { point } from "./tiles_source.js";

const PATHS = {
  open: "M15 4h5v5M20 4l-7 7M9 20H4v-5M4 20l7-7",
  create: "M12 3l1.9 5.1L19 10l-5.1 1.9L12 17l-1.9-5.1L5 10l5.1-1.9z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  post: "M5 4h14v16H5zM8.5 14.5h7M8.5 17h4M8 7h8v4.5H8z",
  next: "M4 12h15M13 6l6 6-6 6",
  cancel: "M6 6l12 12M18 6L6 18",
  retry: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  failed: "M12 8v5M12 16.2v.3M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  unknown: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17v.2",
  canceled: "M5.5 5.5l13 13M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
};

// What a tile shows; while it stays the same the tile stays as it is, with its focus and its loaded picture.
export function signature(generation, data) {
  const { since, pace, ...shown } = generation;
  return JSON.stringify([shown, data.media, data.source === generation.images[0]?.id]);
}

// `wish(act, id)` tells what was clicked: retry or cancel the generation; open, continue from, create with an image.
export function tile(generation, data, wish) {
  const state = stateOf(generation);
  const node = make("li", `tile ${state}`, "", { "data-id": generation.id, tabindex: "-1" });
  node.style.setProperty("--ratio", data.ratio);
  node.append(...DRAW[state](generation, data, wish));
  return node;
}

function stateOf({ status, kind, wish, images }) {
  if (wish === "retry") return "queued";
  if (status === "failed") return kind === "unknown" ? "unknown" : "failed";
  return status === "succeeded" && !images.length ? "trashed" : status;
}

const DRAW = {
  queued: waiting,
  running: working,
  succeeded: (generation, data, wish) => generation.images.map((image) => picture(generation, image, data, wish)),
  failed,
  unknown,
  canceled,
  trashed: (generation, data) => note(generation, data, data.words.trashed, "", []),
};

// ---- waiting and at work ----

function skeleton(generation, data, wish, text) {
  const frame = make("div", "frame skeleton");
  const said = make("p", "said", text);
  frame.append(make("p", "name", name(generation, data)), said);
  if (!generation.wish) frame.append(act("quiet small", "cancel", data.words.cancel, () => wish("cancel")));
  return [frame];
}

// A provider that was too busy is asked again; the tile counts down to it.
function waiting(generation, data, wish) {
  const wished = { retry: data.words.asking, cancel: data.words.stopping }[generation.wish];
  const text = wished ?? (generation.error || data.words.queued);
  const [frame] = skeleton(generation, data, wish, text);
  if (generation.next && !generation.wish) {
    frame.querySelector(".said").after(make("p", "countdown"));
    queueMicrotask(() => frame.isConnected && tick(frame, generation, data));
  }
  return [frame];
}

function working(generation, data, wish) {
  const [frame] = skeleton(generation, data, wish, generation.wish ? data.words.stopping : "");
  const bar = make("div", "bar", "", { role: "progressbar", "aria-label": name(generation, data) });
  bar.append(make("span"));
  frame.querySelector(".name").after(bar);
  if (!generation.wish) queueMicrotask(() => frame.isConnected && tick(frame, generation, data));
  return [frame];
}

// Move the bar of a tile at work and say how long it takes; count down to the next try.
export function tick(node, generation, data) {
  const countdown = node.querySelector(".countdown");
  if (countdown) countdown.textContent = left(generation.next, data);
  const bar = node.querySelector(".bar");
  if (!bar) return;
  const passed = elapsed(generation);
  const part = fraction(passed, generation.pace);
  bar.classList.toggle("unsure", part === null);
  bar.classList.toggle("late", late(passed, generation.pace));
  bar.firstChild.style.transform = part === null ? "" : `translateX(${(part * 100 - 100).toFixed(1)}%)`;
  const said = node.querySelector(".said");
  const text = pace(passed, generation.pace, data);
  if (node.classList.contains("wished") || said.textContent === text || generation.wish) return;
  said.textContent = text;
  bar.setAttribute("aria-valuetext", text);
}

function left(next, { words, locale }) {
  const ms = Math.max(0, next - Date.now());
  return ms ? fill(words.again, { time: length(Math.ceil(ms / 1000) * 1000, locale) }, locale) : words.asking;
}

function pace(passed, known, { words, locale }) {
  const time = length(Math.floor(passed / 1000) * 1000, locale);
  if (late(passed, known)) return fill(words.late, { time }, locale);
  if (!known?.p50) return fill(words.soFar, { time }, locale);
  return known.p50 < 1000 ? words.usuallyQuick : fill(words.usually, { usual: length(known.p50, locale), time }, locale);
}

function length(ms, locale) {
  return ms < 120_000 ? seconds(ms, locale) : `${Math.floor(ms / 60_000).toLocaleString(locale)} min`;
}

// ---- a picture ----

function picture(generation, image, data, wish) {
  const figure = make("figure");
  const frame = make("div", "frame");
  frame.style.setProperty("--ratio", image.w / image.h);
  frame.append(...layers(generation, image, data, wish), actions(image, data, wish));
  figure.append(frame, foot(generation, data, image));
  return figure;
}

function layers(generation, image, data, wish) {
  const blur = make("img", "blur", "", { src: image.placeholder, alt: "", "aria-hidden": "true" });
  const full = make("img", "image", "", {
    alt: fill(data.words.alt, { model: name(generation, data), prompt: data.prompt.slice(0, 120) }),
    width: image.w, height: image.h, ...haste(generation),
  });
  full.onload = () => full.classList.add("there");
  full.onerror = () => full.classList.add("missing");
  point(full, data.media, image.id, image.w);
  const open = make("a", "open", "", { href: `/gallery?view=${image.id}`, "aria-label": data.words.open, title: data.words.open });
  open.append(full);
  plainClick(open, () => wish("open", image.id));
  return [blur, open];
}

// What somebody watches come is fetched before all else; what was there already waits until it is in sight.
function haste({ since }) {
  return since ? { decoding: "sync", fetchpriority: "high" } : { decoding: "async", loading: "lazy" };
}

function actions(image, data, wish) {
  const { words } = data;
  const bar = make("div", "actions");
  const chosen = data.source === image.id;
  const next = act(chosen ? "go chosen" : "go", "next", chosen ? words.chosen : words.continue, () => {
    wish("continue", image.id);
    setTimeout(() => document.querySelector(data.box)?.focus(), 400);
  });
  next.setAttribute("aria-pressed", String(chosen));
  next.setAttribute("aria-label", chosen ? words.chosen : words.continue); // narrow tiles show the icon alone
  const create = only(make("a", "only", "", { href: `/?source=${image.id}` }), "create", words.create);
  plainClick(create, () => wish("create", image.id));
  const download = make("a", "only", "", { href: `${data.media}${image.id}/download`, download: "" });
  bar.append(next, create);
  if (image.post) bar.append(only(make("a", "only", "", { href: `/post?id=${image.post}`, target: "_self" }), "post", words.openPost));
  bar.append(only(download, "download", words.download));
  return bar;
}

function foot(generation, data, image) {
  const { words, locale } = data;
  const line = make("figcaption", "foot");
  if (image.selected) line.append(make("span", "selected", `✓ ${words.selected}`));
  line.append(make("span", "name", name(generation, data)));
  const facts = generation.practice ? [] : [cost(generation, data)];
  if (generation.ms !== null) facts.push(seconds(generation.ms, locale));
  line.append(make("span", "facts", facts.join(" · ")));
  if (generation.practice) line.append(make("span", "practice", words.practice));
  return line;
}

function cost({ cost, basis }, { words, locale }) {
  if (cost === null) return words.costUnknown;
  return basis === "estimated" ? fill(words.about, { cost: money(cost, locale) }) : money(cost, locale);
}

// ---- no picture ----

function failed(generation, data, wish) {
  const { words } = data;
  const why = words.kinds[generation.kind] ?? words.kinds.ours;
  return note(generation, data, why.title, generation.error || why.next, [
    act("quiet", "retry", words.retry, () => wish("retry")),
  ]);
}

function unknown(generation, data, wish) {
  const { words } = data;
  const { title, next } = words.kinds.unknown;
  const [said, again] = generation.practice ? [words.unknownFree, words.retry] : [next, words.retryUnknown];
  return note(generation, data, title, said, [act("quiet", "retry", again, () => wish("retry"))]);
}

// A call that was cut while it ran may have been charged all the same.
function canceled(generation, data, wish) {
  const { words } = data;
  const charged = generation.basis === "unknown" && !generation.practice;
  return note(generation, data, words.canceled, charged ? words.cut : "", [
    act("quiet", "retry", charged ? words.retryUnknown : words.askAgain, () => wish("retry")),
  ]);
}

function note(generation, data, title, text, buttons) {
  const frame = make("div", "frame note");
  const state = stateOf(generation);
  frame.append(svg(PATHS[state] ? state : "canceled"), make("p", "title", title));
  if (text) frame.append(make("p", "text", text));
  if (!generation.sample) frame.append(...buttons); // sample content was never asked for, so it cannot be asked again
  const line = make("div", "foot");
  line.append(make("span", "name", name(generation, data)));
  if (generation.basis && !generation.practice) line.append(make("span", "facts", billed(generation, data)));
  if (generation.practice) line.append(make("span", "practice", data.words.practice));
  return [frame, line];
}

function billed(generation, data) {
  if (generation.basis === "unknown") return data.words.maybeCharged;
  return Number(generation.cost) > 0 ? cost(generation, data) : data.words.notCharged;
}

// ---- small pieces ----

function name({ label, n, several }, { words }) {
  return several ? fill(words.nth, { label, n }) : label;
}

function act(className, iconName, label, onclick) {
  const node = make("button", `act ${className}`, "", { type: "button" });
  node.append(svg(iconName), make("span", "", label));
  node.onclick = onclick;
  return node;
}

function only(node, iconName, label) {
  node.append(svg(iconName));
  node.title = label;
  node.setAttribute("aria-label", label);
  return node;
}

function svg(iconName) {
  const holder = make("span", "icon");
  holder.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${PATHS[iconName]}"/></svg>`;
  return holder;
}

// A plain click stays in the app; with a modifier the browser opens the link itself.
function plainClick(node, then) {
  node.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    then();
  };
}
