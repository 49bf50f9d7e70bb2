// The pictures of an ask: what it starts from and its references. Upload by choosing, pasting or dropping; each file is
// kept by the server at once, and only ids travel with the ask. A pasted or dropped picture becomes a reference where
// the models take them, else what the ask starts from.

import { arrivals, sendFile } from "./ask_arrivals.js";
import { holdBack, letGo } from "./ask_hold.js";
import { adder, element, thumb } from "./ask_pieces.js";
import { Press } from "./press.js";

const boxes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let box = boxes.get(parentElement);
  if (!box) {
    box = open(parentElement, data);
    boxes.set(parentElement, box);
  }
  adopt(box, data);
  box.tell = setTriggerValue;
  draw(box);
  return () => parentElement.isConnected || close(box, parentElement); // also called when quick news overtook this call
}

function open(parent, data) {
  const root = element("div", { className: "pictures" });
  const row = element("div", { className: "row" });
  const note = element("p", { className: "note", role: "status" });
  const alert = element("p", { className: "trouble", role: "alert" });
  root.append(row, note, alert);
  parent.append(root);
  const left = new AbortController(), press = new Press(row, left.signal);
  const box = { root, row, note, alert, press, items: [], told: data.told, trouble: "", held: false };
  box.stop = [() => left.abort(), arrivals(box, (files) => take(box, files)), holdBack(box, () => draw(box))];
  return box;
}

// The references as the screen has them, unless it has not heard yet what was changed here.
function adopt(box, data) {
  box.data = data;
  if (data.told < box.told) return;
  const known = new Map(box.items.filter((item) => item.id && !item.start).map((item) => [item.id, item]));
  const rest = box.items.filter((item) => item.start || item.waiting);
  box.items = [...data.references.map((id) => known.get(id) ?? { id }), ...rest];
}

function close(box, parent) {
  box.stop.forEach((stop) => stop());
  [box.source, ...box.items].forEach((item) => item?.preview && URL.revokeObjectURL(item.preview));
  box.root.remove();
  boxes.delete(parent);
}

// ---- taking files ----

function take(box, files) {
  const { data } = box;
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  box.trouble = "";
  if (pictures.length < files.length) complain(box, data.words.other);
  if (pictures.length && data.room > 0) addReferences(box, pictures);
  else if (pictures.length && startable(box)) startFrom(box, pictures);
  else if (pictures.length) complain(box, data.words.full);
  draw(box);
}

function addReferences(box, pictures) {
  const free = Math.max(0, box.data.room - references(box).length);
  if (pictures.length > free) complain(box, box.data.words.full);
  const several = pictures.length > 1;
  pictures.slice(0, free).forEach((file) => upload(box, file, { several }));
}

function startable({ data, items }) {
  return data.startable && !items.some((item) => item.start);
}

function begin(box, files) {
  box.trouble = "";
  startFrom(box, [...files]);
}

function startFrom(box, pictures) {
  if (pictures.length > 1) complain(box, box.data.words.full);
  upload(box, pictures[0], { start: true });
}

async function upload(box, file, { start = false, several = false }) {
  const item = { preview: URL.createObjectURL(file), waiting: true, start };
  box.items.push(item);
  draw(box);
  try {
    item.id = (await sendFile(file, box.data)).id;
    item.waiting = start; // until the screen has it
    if (start) box.tell("source", item.id);
    else report(box);
  } catch (error) {
    discard(box, item);
    complain(box, several ? `${file.name}: ${error.message}` : error.message);
  }
  draw(box);
}

// What was asked with a press that is held back is not what would go off now.
function complain(box, sentence) {
  box.trouble = box.trouble ? `${box.trouble}\n${sentence}` : sentence;
  box.held = false;
}

function discard(box, item) {
  box.items = box.items.filter((other) => other !== item);
  if (item.preview) URL.revokeObjectURL(item.preview);
}

function references(box) {
  return box.items.filter((item) => !item.start);
}

function report(box) {
  const ids = references(box).filter((item) => item.id).map((item) => item.id);
  box.tell("references", { ids, told: ++box.told });
}

// ---- drawing ----

function draw(box) {
  if (box.source?.id !== box.data.source) box.source = arrived(box);
  box.press.then("row", () => drawRow(box));
  letGo(box, () => wait(box));
  wait(box);
  say(box.alert, box.trouble || (references(box).length > box.data.room ? box.data.words.full : ""));
}

function drawRow(box) {
  const { root, row } = box, focused = root.getRootNode().activeElement?.dataset?.name;
  row.replaceChildren(...thumbs(box), adders(box));
  if (focused) row.querySelector(`[data-name="${focused}"]`)?.focus();
}

// What the ask starts from now; when it was uploaded here, its preview moves along.
function arrived(box) {
  const { source } = box.data;
  const uploaded = box.items.find((item) => item.start && item.id === source);
  box.items = box.items.filter((item) => item !== uploaded);
  return uploaded ? Object.assign(uploaded, { waiting: false }) : source && { id: source };
}

function thumbs(box) {
  const { data, source } = box;
  const { words } = data;
  const unset = data.changeable && (() => box.tell("source", ""));
  const starts = [...(source ? [source] : []), ...box.items.filter((item) => item.start)];
  return [
    ...starts.map((item) => thumb(data, item, words.source, words.source, unset)),
    ...references(box).map((item, i) => numbered(box, item, i + 1)),
  ];
}

// By the number that words can point to: "the colours of picture 2".
function numbered(box, item, number) {
  const { words, added } = box.data;
  const label = added.includes(item.id) ? `${words.added}, ${number}` : `${words.reference} ${number}`;
  return thumb(box.data, item, label, number, () => drop(box, item));
}

function adders(box) {
  const { room, words } = box.data;
  const start = () => adder("start", words.start, words.hint, false, (files) => begin(box, files));
  const add = () => adder("add", words.add, words.hint, true, (files) => take(box, files));
  const pair = element("div", { className: "adders" });
  pair.append(...(startable(box) ? [start()] : []), ...(room > 0 ? [add()] : []));
  return pair;
}

function wait(box) {
  say(box.note, box.held ? box.data.words.held : "");
}

// Once, not at every look: it is read aloud.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function drop(box, item) {
  discard(box, item);
  box.trouble = "";
  report(box);
  draw(box);
}
