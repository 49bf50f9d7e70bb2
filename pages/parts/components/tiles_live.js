// What is known of a conversation's generations, kept true by one socket however many turns are on the screen.
// The server says the whole state on every connection and a whole generation on every change, so coming back from
// a closed laptop or a restarted server is nothing special: connect, take the state, go on.

const QUIET_MS = 2_000; // shorter gaps are not worth telling
const SILENT_MS = 45_000; // the server says something every 20 s, so after this long the line is dead
const LONGEST_WAIT_MS = 10_000;
const LINGER_MS = 3_000; // a rerun may take the last turn off the screen for a moment
const OUT = 4401;
const NOT_FOUND = 4404;
const ORDER = { queued: 0, running: 1 };

const threads = new Map();

// The thread of a conversation; `listener` hears {type: "state" | "generation" | "turn" | "renamed" | "line" | "looked", …}.
export function follow(conversation, listener) {
  let thread = threads.get(conversation);
  if (!thread) threads.set(conversation, (thread = open(conversation)));
  clearTimeout(thread.closing);
  thread.listeners.add(listener);
  return thread;
}

export function leave(thread, listener) {
  thread.listeners.delete(listener);
  if (!thread.listeners.size) thread.closing = setTimeout(() => close(thread), LINGER_MS);
}

// What the page was drawn with: older than what the socket may have said since, so only news counts.
export function adopt(thread, generations) {
  for (const said of generations) {
    const known = thread.generations.get(said.id);
    if (!known || !older(said, known)) put(thread, said);
  }
}

export function unfinished({ status }) {
  return status in ORDER;
}

function older(one, other) {
  const rank = (generation) => generation.round * 3 + (ORDER[generation.status] ?? 2);
  return rank(one) < rank(other);
}

function put(thread, said) {
  const known = thread.generations.get(said.id);
  const began = known?.status === "queued" && said.status === "running" && known.round === said.round;
  const since = began ? performance.now() : known?.round === said.round ? known.since : undefined;
  thread.generations.set(said.id, { ...said, pace: said.pace ?? known?.pace ?? null, since });
}

function open(conversation) {
  const thread = { conversation, generations: new Map(), listeners: new Set(), tries: 0, telling: null, offline: false, over: false };
  thread.wake = () => wake(thread);
  addEventListener("online", thread.wake);
  document.addEventListener("visibilitychange", thread.wake);
  thread.watch = setInterval(dropWhenDead, 5_000, thread);
  connect(thread);
  return thread;
}

function close(thread) {
  threads.delete(thread.conversation);
  removeEventListener("online", thread.wake);
  document.removeEventListener("visibilitychange", thread.wake);
  [thread.again, thread.telling].forEach(clearTimeout);
  clearInterval(thread.watch);
  thread.over = true;
  thread.socket?.close();
}

function connect(thread) {
  clearTimeout(thread.again);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/api/live?conversation=${encodeURIComponent(thread.conversation)}`);
  thread.socket = socket;
  thread.heard = performance.now();
  socket.onmessage = (event) => thread.socket === socket && hear(thread, JSON.parse(event.data));
  socket.onclose = (event) => thread.socket === socket && lost(thread, event.code);
}

function hear(thread, message) {
  thread.heard = performance.now();
  if (message.type === "state") {
    message.generations.forEach((said) => put(thread, said));
    thread.tries = 0;
    line(thread, true);
  }
  if (message.type === "generation") put(thread, message.generation);
  tell(thread, message);
}

function lost(thread, code) {
  thread.socket = null;
  thread.over ||= code === NOT_FOUND || code === OUT;
  if (thread.over) return;
  line(thread, false);
  const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** thread.tries) * (0.7 + Math.random() * 0.6);
  thread.tries += 1;
  thread.again = setTimeout(connect, wait, thread);
}

// A screen that was just looked at again, or a network that came back: do not sit out the wait.
function wake(thread) {
  if (document.visibilityState !== "visible" || thread.over) return;
  if (!thread.socket) connect(thread);
  else dropWhenDead(thread);
  tell(thread, { type: "looked" });
}

function dropWhenDead(thread) {
  const socket = thread.socket;
  if (!socket || performance.now() - thread.heard < SILENT_MS) return;
  lost(thread, 0);
  socket.close();
}

function line(thread, there) {
  if (!there) {
    thread.telling ??= setTimeout(say, QUIET_MS, thread, true);
    return;
  }
  clearTimeout(thread.telling);
  thread.telling = null;
  say(thread, false);
}

function say(thread, offline) {
  if (thread.offline === offline) return;
  thread.offline = offline;
  tell(thread, { type: "line" });
}

function tell(thread, message) {
  for (const listener of [...thread.listeners]) listener(message);
}
