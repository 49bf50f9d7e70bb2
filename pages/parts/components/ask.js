// The pictures of an ask: what it starts from and its references. Upload by choosing, pasting or dropping; each file is
// kept by the server at once, and only ids travel with the ask. A pasted or dropped picture becomes a reference where
// the models take them, else what the ask starts from.

import { adder, element, thumb } from "./ask_pieces.js";

const boxes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let box = boxes.get(parentElement);
  if (!box) {
    box = open(parentElement, data.references);
    boxes.set(parentElement, box);
  }
  box.data = data;
  box.tell = setTriggerValue;
  draw(box);
  return () => close(box, parentElement);
}

function open(parent, references) {
  const root = element("div", { className: "pictures" });
  const row = element("div", { className: "row" });
  const alert = element("p", { className: "trouble", role: "alert" });
  root.append(row, alert);
  parent.append(root);
  const box = { root, row, alert, items: references.map((id) => ({ id })), trouble: "", depth: 0, listeners: [] };
  listen(box, document, "paste", (event) => pasted(box, event));
  listen(box, document, "dragenter", (event) => dragged(box, event, 1));
  listen(box, document, "dragleave", (event) => dragged(box, event, -1));
  listen(box, document, "dragover", (event) => carriesFiles(event) && event.preventDefault());
  listen(box, document, "drop", (event) => dropped(box, event));
  return box;
}

function close(box, parent) {
  box.listeners.forEach(([target, ...listener]) => target.removeEventListener(...listener));
  box.items.forEach((item) => item.preview && URL.revokeObjectURL(item.preview));
  box.root.remove();
  boxes.delete(parent);
}

function listen(box, target, name, handler) {
  target.addEventListener(name, handler);
  box.listeners.push([target, name, handler]);
}

// ---- taking files ----

function carriesFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function dragged(box, event, step) {
  if (!carriesFiles(event)) return;
  box.depth = Math.max(0, box.depth + step);
  box.root.classList.toggle("over", box.depth > 0 && (box.data.room > 0 || box.data.startable));
}

// A browser opens a dropped file in place of the page, and with it all that was typed, unless it is told not to.
function dropped(box, event) {
  dragged(box, event, -box.depth);
  if (!carriesFiles(event)) return;
  event.preventDefault();
  take(box, event.dataTransfer.files);
}

// Office programs add a picture of the text that was copied: then the text is what is wanted.
function pasted(box, event) {
  const pictures = [...(event.clipboardData?.files ?? [])].filter(isPicture);
  if (!pictures.length || event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  take(box, pictures);
}

function isPicture(file) {
  return file.type.startsWith("image/");
}

function take(box, files) {
  const { data } = box;
  const pictures = [...files].filter(isPicture);
  box.trouble = pictures.length < files.length ? data.words.other : "";
  if (pictures.length && data.room > 0) addReferences(box, pictures);
  else if (pictures.length && data.startable) startFrom(box, pictures);
  else if (pictures.length) complain(box, data.words.full);
  draw(box);
}

function addReferences(box, pictures) {
  const free = Math.max(0, box.data.room - box.items.length);
  if (pictures.length > free) complain(box, box.data.words.full);
  const several = pictures.length > 1;
  pictures.slice(0, free).forEach((file) => upload(box, file, () => report(box), several));
}

function begin(box, files) {
  box.trouble = "";
  startFrom(box, [...files]);
}

function startFrom(box, pictures) {
  if (pictures.length > 1) complain(box, box.data.words.full);
  upload(box, pictures[0], (item) => {
    discard(box, item);
    box.tell("source", item.id);
  });
}

async function upload(box, file, done, several = false) {
  const item = { preview: URL.createObjectURL(file), waiting: true };
  box.items.push(item);
  draw(box);
  try {
    item.id = (await sendFile(file, box.data)).id;
    item.waiting = false;
    done(item);
  } catch (error) {
    discard(box, item);
    complain(box, several ? `${file.name}: ${error.message}` : error.message);
  }
  draw(box);
}

async function sendFile(file, { most, words }) {
  if (file.size > most) throw new Error(words.large);
  const reply = await fetch("/api/uploads", { method: "POST", headers: { "X-Studio": "1" }, body: file }).catch(() => {
    throw new Error(words.unreachable);
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error ?? words.unreachable);
  return answer;
}

function complain(box, sentence) {
  box.trouble = box.trouble ? `${box.trouble}\n${sentence}` : sentence;
}

function discard(box, item) {
  box.items = box.items.filter((other) => other !== item);
  if (item.preview) URL.revokeObjectURL(item.preview);
}

function report(box) {
  box.tell("references", box.items.filter((item) => item.id).map((item) => item.id));
}

// ---- drawing ----

function draw(box) {
  const { data, root, row, alert } = box;
  const { words } = data;
  const nodes = [];
  if (box.source?.id !== data.source) box.source = data.source && { id: data.source };
  if (box.source) nodes.push(thumb(data, box.source, words.source, data.changeable && (() => box.tell("source", ""))));
  box.items.forEach((item, i) => nodes.push(thumb(data, item, `${words.reference} ${i + 1}`, () => drop(box, item))));
  if (data.startable) nodes.push(adder("start", words.start, words.hint, false, (files) => begin(box, files)));
  if (data.room > 0) nodes.push(adder("add", words.add, words.hint, true, (files) => take(box, files)));
  const focused = root.getRootNode().activeElement?.dataset?.name;
  row.replaceChildren(...nodes);
  if (focused) row.querySelector(`[data-name="${focused}"]`)?.focus();
  const trouble = box.trouble || (box.items.length > data.room && !box.items.some((i) => i.waiting) ? words.full : "");
  if (alert.textContent !== trouble) alert.textContent = trouble; // said once, not at every look
}

function drop(box, item) {
  discard(box, item);
  box.trouble = "";
  report(box);
  draw(box);
}
