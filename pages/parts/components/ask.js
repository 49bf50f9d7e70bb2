// The pictures of an ask: what it starts from and its references. Upload by choosing, pasting or dropping; each file is
// kept by the server at once, and only ids travel with the ask. A pasted or dropped picture becomes a reference where
// the models take them, else what the ask starts from. Also puts the cursor into the prompt when the page opens.

const boxes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let box = boxes.get(parentElement);
  if (!box) {
    box = open(parentElement, data.references);
    boxes.set(parentElement, box);
    focusPrompt(data.prompt);
  }
  box.data = data;
  box.tell = setTriggerValue;
  draw(box);
  return () => close(box, parentElement);
}

function open(parent, references) {
  const root = document.createElement("div");
  root.className = "pictures";
  parent.appendChild(root);
  const box = { root, items: references.map((id) => ({ id })), trouble: "", depth: 0, listeners: [] };
  listen(box, document, "pointerdown", (event) => event.target.closest?.("a") && saveDraft(box), true);
  listen(box, document, "paste", (event) => take(box, event.clipboardData?.files, event));
  listen(box, document, "dragenter", (event) => dragged(box, event, 1));
  listen(box, document, "dragleave", (event) => dragged(box, event, -1));
  listen(box, document, "dragover", (event) => carriesFiles(event) && event.preventDefault());
  listen(box, document, "drop", (event) => {
    dragged(box, event, -box.depth);
    take(box, event.dataTransfer?.files, event);
  });
  return box;
}

function close(box, parent) {
  box.listeners.forEach(([target, ...listener]) => target.removeEventListener(...listener));
  box.items.forEach((item) => item.preview && URL.revokeObjectURL(item.preview));
  box.root.remove();
  boxes.delete(parent);
}

function listen(box, target, name, handler, capture = false) {
  target.addEventListener(name, handler, capture);
  box.listeners.push([target, name, handler, capture]);
}

// Words that Streamlit was not told yet would be lost when somebody follows a link to another screen.
function saveDraft(box) {
  const prompt = document.querySelector(box.data.prompt);
  if (prompt && document.activeElement === prompt) box.tell("draft", prompt.value);
}

// The prompt is drawn by Streamlit, perhaps a few frames after us; whoever already works elsewhere is left alone.
function focusPrompt(selector, patience = 120) {
  const prompt = document.querySelector(selector);
  if (prompt && [null, document.body].includes(document.activeElement)) prompt.focus({ preventScroll: true });
  else if (!prompt && patience > 0) requestAnimationFrame(() => focusPrompt(selector, patience - 1));
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

function take(box, files, event) {
  const pictures = [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) {
    if (event?.type === "drop" && carriesFiles(event)) event.preventDefault();
    return;
  }
  event?.preventDefault();
  if (box.data.room > 0) addReferences(box, pictures);
  else if (box.data.startable) startFrom(box, pictures[0]);
  else box.trouble = box.data.words.full;
  draw(box);
}

function addReferences(box, pictures) {
  const free = Math.max(0, box.data.room - box.items.length);
  box.trouble = pictures.length > free ? box.data.words.full : "";
  pictures.slice(0, free).forEach((file) => upload(box, file, () => report(box)));
}

function startFrom(box, file) {
  box.trouble = "";
  upload(box, file, (item) => {
    box.items = box.items.filter((other) => other !== item);
    box.tell("source", item.id);
  });
}

async function upload(box, file, done) {
  const item = { preview: URL.createObjectURL(file), waiting: true };
  box.items.push(item);
  draw(box);
  try {
    item.id = (await sendFile(file, box.data.words)).id;
    item.waiting = false;
    done(item);
  } catch (error) {
    box.items = box.items.filter((other) => other !== item);
    box.trouble = error.message;
  }
  draw(box);
}

async function sendFile(file, words) {
  const reply = await fetch("/api/uploads", { method: "POST", headers: { "X-Studio": "1" }, body: file }).catch(() => {
    throw new Error(words.unreachable);
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error ?? words.unreachable);
  return answer;
}

function report(box) {
  box.tell("references", box.items.filter((item) => item.id).map((item) => item.id));
}

// ---- drawing ----

function draw(box) {
  const { data, root } = box;
  const { words } = data;
  const nodes = [];
  if (data.source) nodes.push(thumb(box, { id: data.source }, words.source, data.changeable && (() => box.tell("source", ""))));
  box.items.forEach((item, i) => nodes.push(thumb(box, item, `${words.reference} ${i + 1}`, () => drop(box, item))));
  if (data.startable) nodes.push(adder("start", words.start, words.hint, false, (files) => startFrom(box, files[0])));
  if (data.room > 0) nodes.push(adder("add", words.add, words.hint, true, (files) => take(box, files)));
  const trouble = box.trouble || (box.items.length > data.room && !box.items.some((i) => i.waiting) ? words.full : "");
  nodes.push(element("p", { className: "trouble", role: "alert", textContent: trouble }));
  const focused = root.getRootNode().activeElement?.dataset?.name;
  root.replaceChildren(...nodes);
  if (focused) root.querySelector(`[data-name="${focused}"]`)?.focus();
}

function drop(box, item) {
  box.items = box.items.filter((other) => other !== item);
  if (item.preview) URL.revokeObjectURL(item.preview);
  box.trouble = "";
  report(box);
  draw(box);
}

function thumb(box, item, label, remove) {
  const { words, base } = box.data;
  const frame = element("figure", { className: item.waiting ? "thumb waiting" : "thumb" });
  frame.append(element("img", { src: item.preview ?? `${base}${item.id}/256`, alt: label }));
  frame.append(element("figcaption", { textContent: item.waiting ? words.uploading : label }));
  if (remove && !item.waiting) frame.append(cross(`${words.remove}: ${label}`, remove));
  return frame;
}

function cross(label, onclick) {
  const button = element("button", { type: "button", className: "cross", ariaLabel: label, title: label, onclick });
  button.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg>';
  return button;
}

function adder(name, text, hint, multiple, picked) {
  const input = element("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/avif", multiple, hidden: true });
  input.onchange = () => input.files.length && picked(input.files);
  const button = element("button", { type: "button", className: "add", title: hint, onclick: () => input.click() });
  button.dataset.name = name;
  button.innerHTML = ICONS[name];
  button.append(element("span", { textContent: text }));
  const pair = element("span", { className: "adder" });
  pair.append(button, input);
  return pair;
}

const ICONS = {
  start: '<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="3" y="4" width="14" height="12" rx="2"/><path d="M3.5 14l4-4 3 3 2-2 4 4"/></svg>',
  add: '<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="3" y="6" width="11" height="11" rx="2"/><path d="M7 3h8a2 2 0 0 1 2 2v8M8.5 9v5M6 11.5h5"/></svg>',
};

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
