// One turn of a conversation: what was asked, and a tile for every generation. Tiles follow the live socket by
// themselves; Streamlit draws the page anew only when a turn came to its end or one was added.

import { fill, make } from "./elements.js";
import { drawCaption } from "./tiles_caption.js";
import { head, tickTime } from "./tiles_head.js";
import { adopt, follow, leave, unfinished } from "./tiles_live.js";
import { menu } from "./tiles_menu.js";
import { entered, left, look, tidings } from "./tiles_page.js";
import { signature, tick, tile } from "./tiles_tile.js";
import { undisturbed } from "./undisturbed.js";

const turns = new WeakMap();
const TICK_MS = 200;
const AGAIN_MS = 3_000;
const SHOW_MS = 300; // the last picture comes first, then Python, which keeps server and browser busy for a moment
const WISH_MS = 10_000; // a click that nothing came of shows the truth again after this long
let wishes = 0;

export default function ({ data, parentElement, setTriggerValue }) {
  let turn = turns.get(parentElement);
  const fresh = !turn;
  if (fresh) turns.set(parentElement, (turn = begin(parentElement, data)));
  Object.assign(turn, { data, tell: setTriggerValue });
  for (const [id, { told }] of turn.wishes) if (data.granted.includes(told.wish)) turn.wishes.delete(id);
  adopt(turn.thread, data.caption ? [data.caption, ...data.generations] : data.generations);
  drawHead(turn);
  draw(turn);
  if (fresh) entered(turn);
  // Streamlit also calls this when new data overtakes a call, while the turn stays on the page.
  return () => parentElement.isConnected || end(parentElement, turn);
}

function begin(parentElement, data) {
  const turn = { root: make("article", "turn"), data, wishes: new Map(), tiles: new Map(), drawn: new Map() };
  turn.parts = {
    head: make("header"),
    caption: make("section", "caption", "", { "aria-label": data.words.caption }),
    line: make("p", "line"),
    tiles: make("ul", "tiles"),
    removed: make("p", "removed"),
    leftOut: make("ul", "left-out"),
    status: make("p", "unseen", "", { role: "status", "aria-live": "polite" }),
  };
  turn.parts.line.hidden = turn.parts.caption.hidden = turn.parts.removed.hidden = true;
  turn.root.append(...Object.values(turn.parts));
  parentElement.append(turn.root);
  turn.listener = (message) => heard(turn, message);
  turn.thread = follow(data.conversation, turn.listener);
  turn.timer = setInterval(ticking, TICK_MS, turn);
  return turn;
}

function end(parentElement, turn) {
  clearInterval(turn.timer);
  turns.delete(parentElement);
  turn.root.remove();
  left(turn);
  leave(turn.thread, turn.listener);
}

function heard(turn, message) {
  if (message.type !== "generation" || message.generation.turn === turn.data.turn) draw(turn);
  tidings(turn, message);
}

function drawHead(turn) {
  const text = JSON.stringify({ ...turn.data, generations: null, caption: null, granted: null, source: null });
  if (turn.headText === text) return;
  turn.headText = text;
  const open = turn.parts.head.querySelector("details")?.open;
  const failed = () => generations(turn).filter(({ status }) => status === "failed" || status === "canceled").length;
  turn.parts.head.replaceChildren(...head(turn.data, menu(turn.data, failed, (act, wish) => chosen(turn, act, wish))));
  drawRemoved(turn);
  turn.parts.head.querySelector("details").open = open ?? false;
  turn.drawn.clear();
}

function draw(turn) {
  const now = generations(turn);
  turn.parts.tiles.dataset.count = Math.min(now.length, 4);
  now.forEach((generation) => drawTile(turn, generation));
  dropTiles(turn, now);
  drawCaption(turn, (generation, act) => wished(turn, generation, act));
  drawBadge(turn, now);
  drawLeftOut(turn, now);
  turn.parts.line.hidden = !(turn.thread.offline && (turn.data.last || now.some(unfinished)));
  turn.parts.line.textContent = turn.data.words.reconnecting;
  reportEnd(turn, now);
}

function generations(turn) {
  return turn.data.generations.map((said) => turn.thread.generations.get(said.id));
}

function drawTile(turn, generation) {
  const wish = turn.wishes.get(generation.id);
  if (wish && wish.said !== standing(generation)) turn.wishes.delete(generation.id);
  const shown = { ...generation, wish: turn.wishes.get(generation.id)?.act, several: several(turn, generation) };
  const text = signature(shown, turn.data);
  if (turn.drawn.get(generation.id) === text) return;
  turn.drawn.set(generation.id, text);
  const before = turn.tiles.get(generation.id);
  const node = tile(shown, turn.data, (act, id) => wished(turn, generation, act, id));
  const focused = before?.contains(turn.root.getRootNode().activeElement);
  if (before) before.replaceWith(node);
  else turn.parts.tiles.append(node);
  turn.tiles.set(generation.id, node);
  if (focused) (node.querySelector("button, a") ?? node).focus({ preventScroll: true });
}

// What was removed leaves the page; what is brought back goes to its place among the others.
function dropTiles(turn, now) {
  const kept = new Set(now.map(({ id }) => id));
  for (const [id, node] of turn.tiles) {
    if (kept.has(id)) continue;
    node.remove();
    turn.tiles.delete(id);
    turn.drawn.delete(id);
  }
  now.forEach(({ id }, place) => {
    const node = turn.tiles.get(id);
    if (turn.parts.tiles.children[place] !== node) turn.parts.tiles.insertBefore(node, turn.parts.tiles.children[place] ?? null);
  });
}

function drawRemoved(turn) {
  const { removed: n, words, locale } = turn.data;
  const back = make("button", "more", words.back, { type: "button" });
  back.onclick = () => chosen(turn, "back", `${Date.now()} ${(wishes += 1)}`);
  turn.parts.removed.hidden = !n;
  turn.parts.removed.replaceChildren(fill(n === 1 ? words.removedOne : words.removedMany, { n }, locale), " ", back);
}

// The same for what is chosen in the turn's menu.
function chosen(turn, act, wish) {
  const told = { act, id: turn.data.turn, wish };
  turn.tell("act", told);
  const now = performance.now();
  turn.wishes.set(turn.data.turn, { act, told, again: now + AGAIN_MS, until: now + WISH_MS });
  if (act === "duplicate") setTimeout(() => document.querySelector(turn.data.box)?.focus(), 600);
}

function several(turn, generation) {
  return turn.data.generations.some((other) => other.model === generation.model && other.n !== generation.n);
}

// The tile shows at once what was clicked; the server's word replaces it, or time does when none comes. What is told
// while Streamlit reconnects may be lost, so it is told again; the number lets Python do it once.
function wished(turn, generation, act, id) {
  if (act === "open") return look(turn.thread, id);
  const told = { act, id: id ?? generation.id, wish: `${Date.now()} ${(wishes += 1)}` };
  turn.tell("act", told);
  if (act === "create") return;
  const said = standing(turn.thread.generations.get(generation.id));
  const now = performance.now();
  const shown = act === "retry" || act === "cancel"; // on its tile; where the next turn starts is one place for all
  turn.wishes.set(shown ? generation.id : act, { act, told, said, again: now + AGAIN_MS, until: now + WISH_MS });
  draw(turn);
}

function standing({ round, status }) {
  return `${round} ${status}`;
}

function ticking(turn) {
  const now = performance.now();
  const over = [...turn.wishes].filter(([, wish]) => now > wish.until);
  over.forEach(([id]) => turn.wishes.delete(id));
  if (over.length) draw(turn);
  const again = [...turn.wishes.values()].find((wish) => now > wish.again);
  if (again) {
    again.again = now + AGAIN_MS;
    turn.tell("act", again.told);
  }
  for (const generation of generations(turn)) {
    if (generation.status === "running" || generation.next) tick(turn.tiles.get(generation.id), generation, turn.data);
  }
  tickTime(turn.parts.head, turn.data);
}

function drawBadge(turn, now) {
  const { words, locale } = turn.data;
  const badge = turn.parts.head.querySelector(".badge");
  const done = now.filter((generation) => !unfinished(generation)).length;
  const working = done < now.length;
  badge.hidden = now.length < 2 && !working;
  badge.classList.toggle("working", working);
  badge.firstChild.textContent = fill(words.count, { done, total: now.length }, locale);
  badge.title = working ? words.reassure : "";
  turn.parts.head.querySelector(".reassure").hidden = !working;
  const text = spoken(now, done, words, locale);
  if (turn.spoken !== undefined && turn.spoken !== text) turn.parts.status.textContent = text;
  turn.spoken = text;
}

function spoken(now, done, words, locale) {
  const ready = now.filter((generation) => generation.status === "succeeded").length;
  const failed = now.filter((generation) => generation.status === "failed").length;
  if (!done) return "";
  const first = fill(now.length === 1 && ready ? words.readyOne : words.ready, { done: ready, total: now.length }, locale);
  return failed ? `${first} ${fill(failed === 1 ? words.failedOne : words.failedMany, { n: failed }, locale)}` : first;
}

function drawLeftOut(turn, now) {
  const lines = new Set(now.flatMap(({ label, leftOut }) => leftOut.map((line) => `${label}: ${line}`)));
  const text = [...lines].join("\n");
  if (turn.leftOut === text) return;
  turn.leftOut = text;
  turn.parts.leftOut.replaceChildren(...[...lines].map((line) => make("li", "", line)));
}

// Python last saw this turn at work and it is done now: one trigger, so that costs and the strip of images follow.
function reportEnd(turn, now) {
  const ended = turn.data.generations.some(unfinished) && !now.some(unfinished);
  const round = `${turn.data.turn} ${now.map((generation) => generation.round).join()}`;
  if (!ended || turn.reported === round) return;
  turn.reported = round;
  setTimeout(() => undisturbed(() => turn.tell("news", round)), SHOW_MS);
}
