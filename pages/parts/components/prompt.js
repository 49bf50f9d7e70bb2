// The words of an ask while they are typed: kept in this tab, so that neither a reload nor a look at another screen loses
// any, until the ask was taken. Draws nothing. Also puts the cursor into the text area when the page opens.

const keepers = new WeakMap();
const FRAMES = 120; // Streamlit draws the text area, perhaps a little after us

export default function ({ data, parentElement, setTriggerValue }) {
  const known = keepers.get(parentElement);
  const keeper = known ?? { ready: false, pressed: false, inquired: "", listeners: [] };
  Object.assign(keeper, { data, tell: setTriggerValue });
  if (!known) open(keeper, parentElement);
  whenThere(keeper, (area) => settle(keeper, area));
  return () => parentElement.isConnected || close(keeper, parentElement); // also called when quick news overtook this call
}

function open(keeper, parent) {
  keepers.set(parent, keeper);
  listen(keeper, document, "input", (event) => event.target === find(keeper) && typed(keeper));
  listen(keeper, document, "pointerdown", () => keep(keeper));
  listen(keeper, document, "click", (event) => event.target.closest?.(keeper.data.button) && pressed(keeper));
  listen(keeper, document, "keydown", (event) => (isShortcut(event) ? pressed(keeper) : keep(keeper)));
  listen(keeper, window, "pagehide", () => keep(keeper));
  whenThere(keeper, focus);
}

function close(keeper, parent) {
  keeper.closed = true;
  keeper.listeners.forEach(([target, ...listener]) => target.removeEventListener(...listener));
  keepers.delete(parent);
}

function listen(keeper, target, name, handler) {
  target.addEventListener(name, handler, true);
  keeper.listeners.push([target, name, handler, true]);
}

function find(keeper) {
  return document.querySelector(keeper.data.area);
}

function whenThere(keeper, act, patience = FRAMES) {
  const area = find(keeper);
  if (keeper.closed) return;
  if (area) act(area);
  else if (patience > 0) requestAnimationFrame(() => whenThere(keeper, act, patience - 1));
}

// Whoever already works elsewhere is left alone.
function focus(area) {
  if ([null, document.body].includes(document.activeElement)) area.focus({ preventScroll: true });
}

// ---- keeping ----

function typed(keeper) {
  Object.assign(keeper, { ready: true, pressed: false });
  keep(keeper);
}

// From here to the next letter nobody but the studio knows whether the ask was taken.
function pressed(keeper) {
  keeper.pressed = true;
  keep(keeper);
}

function isShortcut(event) {
  return event.key === "Enter" && (event.ctrlKey || event.metaKey);
}

// Before each thing that somebody does, and so before anything that leads away: words that a button filled in count too.
function keep(keeper) {
  const area = find(keeper);
  if (!area || !keeper.ready || !(area.value || kept(keeper))) return;
  const { token, filled, place } = keeper.data;
  const draft = JSON.stringify({ token, filled, words: area.value, pressed: keeper.pressed });
  inStorage((storage) => storage.setItem(place, draft));
}

function kept({ data }) {
  return inStorage((storage) => JSON.parse(storage.getItem(data.place)));
}

function forget({ data }) {
  inStorage((storage) => storage.removeItem(data.place));
}

// A browser may forbid it, or be full: then nothing is kept, and asking still works.
function inStorage(act) {
  try {
    return act(sessionStorage);
  } catch {
    return null;
  }
}

// ---- giving back ----

// Once for each ask, and never over words that somebody typed meanwhile or that a button filled in.
function settle(keeper, area) {
  if (keeper.ready) return;
  const draft = kept(keeper);
  keeper.ready = !draft || giveBack(keeper, area, draft);
}

// Streamlit itself knows the words only up to its last run, so for the same ask what is kept here counts. Where the page
// was loaded anew just after the button was pressed, the studio is asked whether it took them; `data.known` is its answer.
// False while that has not come.
function giveBack(keeper, area, draft) {
  const { data } = keeper;
  const same = draft.token === data.token && draft.filled === data.filled;
  const known = data.known?.token === draft.token ? data.known : null;
  if (draft.token === data.spent || known?.asked) forget(keeper);
  else if (same || (!area.value && (known || !draft.pressed))) write(area, draft.words);
  else if (!area.value) return inquire(keeper, draft.token);
  return true;
}

function inquire(keeper, token) {
  if (keeper.inquired !== token) keeper.tell("kept", token);
  keeper.inquired = token;
  return false;
}

// As if typed: React hears of a change only when the value is set behind its back and the event follows. It hands the
// words on when the cursor leaves; where the cursor is elsewhere already, it has to be told that.
function write(area, words) {
  if (area.value === words) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, words);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => {
    if (document.activeElement !== area) area.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  });
}
