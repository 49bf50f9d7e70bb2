// What a conversation's page does once, however many turns it shows: the tab's title, turns that it does not show yet,
// and the order in which the lightbox walks along its images.

import { enlarge } from "./lightbox_open.js";
import { unfinished } from "./tiles_live.js";
import { seen } from "./tiles_seen.js";
import { fetchAhead } from "./tiles_source.js";
import { undisturbed } from "./undisturbed.js";

const SETTLE_MS = 900; // this tab's own ask draws the new turn by itself within this time
const NEW_MS = 1_500;
const LATELY_MS = 60_000; // clocks differ; a turn that was asked long before is no news, it was only not shown
const SETTLED_MS = 4_000; // what is drawn above may still push it away
const TOP = 84; // below the bar at the top of the page
const MARK = /^(\(\d+\/\d+\)|✓) /;

export function entered(turn) {
  const { thread } = turn;
  thread.shown ??= new Map();
  thread.shown.set(turn.data.turn, turn);
  thread.first ??= performance.now();
  thread.loaded ??= Date.now() - LATELY_MS;
  if (!thread.clicked) document.addEventListener("click", (thread.clicked = (event) => earlier(thread, event)), true);
  if (turn.data.goal && thread.goal !== turn.data.turn) arrive(turn);
  const added = performance.now() - thread.first > NEW_MS;
  if (added && turn.data.last && turn.data.asked > thread.loaded) turn.root.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  title(thread);
  seen(thread);
}

export function left(turn) {
  const { shown, clicked } = turn.thread;
  if (shown.get(turn.data.turn) === turn) shown.delete(turn.data.turn);
  if (!shown.size) {
    document.removeEventListener("click", clicked, true);
    turn.thread.clicked = null;
  }
  title(turn.thread);
}

export function tidings(turn, message) {
  const { thread } = turn;
  if (!thread.shown || [...thread.shown.values()].at(-1) !== turn) return; // one turn speaks for the page
  title(thread);
  seen(thread);
  if (message.type === "image") fetchAhead(turn.data.media, message.id);
  if (message.type === "state") missed(thread, message);
  const newest = [...thread.shown.keys()].sort().at(-1); // ids sort by age; what is older is there when it is wanted
  const unseen = [...thread.generations.values()].find((generation) => generation.turn > newest);
  if (unseen && turn.data.newest) later(thread, unseen.turn, () => !thread.shown.has(unseen.turn));
  if (message.type === "turn" && turn.data.newest) later(thread, message.turn, () => !thread.shown.has(message.turn));
  if (message.type === "renamed") later(thread, message.title, () => true);
}

// The state tells of the newest turns and of all that is at work. Work on an older turn that is not in it has ended.
function missed(thread, { generations }) {
  const told = new Set(generations.map(({ id }) => id));
  const lost = [...thread.generations.values()].filter((one) => unfinished(one) && !told.has(one.id) && thread.shown.has(one.turn));
  if (lost.length) later(thread, lost.map(({ id, round }) => `${id} ${round}`).join(), () => lost.some(({ id }) => unfinished(thread.generations.get(id))));
}

// A link leads to this turn.
function arrive(turn) {
  turn.thread.goal = turn.data.turn;
  turn.root.classList.add("goal");
  hold(turn.thread, turn.data.turn, TOP);
}

// More turns are about to be drawn above: what is looked at now stays where it is.
function earlier(thread, event) {
  if (!event.target.closest?.(".st-key-earlier button")) return;
  const first = [...thread.shown.values()].sort((a, b) => a.data.asked - b.data.asked)[0];
  hold(thread, first.data.turn, first.root.getBoundingClientRect().top);
}

// Keep a turn at this height until all around it has its size, or somebody moves.
function hold(thread, id, top) {
  const over = new AbortController();
  const page = document.querySelector("[data-testid=stMain]");
  const stay = () => {
    const root = thread.shown.get(id)?.root;
    if (root?.isConnected && !over.signal.aborted) page.scrollBy({ top: root.getBoundingClientRect().top - top, behavior: "instant" });
  };
  for (const moved of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(moved, () => over.abort(), { signal: over.signal, passive: true });
  const watch = new ResizeObserver(stay);
  watch.observe(page.querySelector("[data-testid=stMainBlockContainer]") ?? page.firstElementChild);
  over.signal.addEventListener("abort", () => watch.disconnect());
  setTimeout(() => over.abort(), SETTLED_MS);
  stay();
}

// Open the lightbox of this page at an image; its arrows walk along the conversation.
export function look(thread, id) {
  const order = {
    get total() {
      return images(thread).length;
    },
    indexOf: (wanted) => images(thread).findIndex((image) => image.id === wanted),
    at: (index) => images(thread)[index],
    reach: async (index) => images(thread)[index] ?? null,
  };
  enlarge(order.at(order.indexOf(id)), order);
}

function images(thread) {
  const turns = [...thread.shown.values()].sort((a, b) => a.data.asked - b.data.asked);
  return turns.flatMap(({ data }) =>
    data.generations.flatMap(({ id }) =>
      thread.generations.get(id).images.map(({ id, w, h, placeholder }) => ({
        id, width: w, height: h, placeholder, text: data.prompt,
      }))));
}

// Ask Python to draw the page anew, once for one piece of news, when it has not done so by itself meanwhile.
function later(thread, news, still) {
  thread.told ??= new Set();
  if (thread.told.has(news)) return;
  thread.told.add(news);
  setTimeout(() => undisturbed(() => still() && [...thread.shown.values()].at(-1)?.tell("news", news)), SETTLE_MS);
}

// "(2/3) …" while something is at work, a mark once all is done and nobody has looked yet.
function title(thread) {
  const now = [...thread.generations.values()].filter(({ turn, makes }) => makes === "image" && thread.shown.has(turn));
  const working = new Set(now.filter(unfinished).map((generation) => generation.turn));
  const counted = now.filter((generation) => working.has(generation.turn));
  const done = counted.filter((generation) => !unfinished(generation)).length;
  const ended = thread.working && !counted.length && thread.shown.size;
  thread.working = counted.length > 0;
  if (thread.working) thread.mark = `(${done}/${counted.length}) `;
  else if (ended && document.hidden) thread.mark = "✓ ";
  else if (thread.mark !== "✓ " || !document.hidden) thread.mark = "";
  keep(thread);
}

// Streamlit writes the title too, so it is watched while it carries a mark of ours.
function keep(thread) {
  const plain = document.title.replace(MARK, "");
  if (document.title !== thread.mark + plain) document.title = thread.mark + plain;
  if (thread.mark && !thread.watching) {
    thread.watching = new MutationObserver(() => keep(thread));
    thread.watching.observe(document.querySelector("title"), { childList: true });
    thread.looked = () => document.hidden || title(thread);
    document.addEventListener("visibilitychange", thread.looked);
  } else if (!thread.mark && thread.watching) {
    thread.watching.disconnect();
    thread.watching = null;
    document.removeEventListener("visibilitychange", thread.looked);
  }
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
