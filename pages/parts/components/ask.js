// The pictures of an ask: what it starts from and its references. Upload by choosing, pasting or dropping; each file is
// kept by the server at once, and only ids travel with the ask. Also puts the cursor into the prompt when the page opens.

const boxes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let box = boxes.get(parentElement);
  if (!box) {
    box = open(parentElement, data.references);
    boxes.set(parentElement, box);
    if (data.focus) focusPrompt(data.focus);
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
  box.listeners.forEach(([target, name, handler]) => target.removeEventListener(name, handler));
  box.items.forEach((item) => item.preview && URL.revokeObjectURL(item.preview));
  box.root.remove();
  boxes.delete(parent);
}

function listen(box, target, name, handler) {
  target.addEventListener(name, handler);
  box.listeners.push([target, name, handler]);
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
  box.root.classList.toggle("over", box.depth > 0 && box.data.room > 0);
}

function take(box, files, event) {
  const pictures = [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) {
    if (event?.type === "drop" && carriesFiles(event)) event.preventDefault();
    return;
  }
  event?.preventDefault();
  const free = Math.max(0, box.data.room - box.items.length);
  box.trouble = pictures.length > free ? box.data.words.full : "";
  pictures.slice(0, free).forEach((file) => upload(box, file));
  draw(box);
}

async function upload(box, file) {
  const item = { preview: URL.createObjectURL(file), waiting: true };
  box.items.push(item);
  draw(box);
  try {
    item.id = (await sendFile(file, box.data.words)).id;
    item.waiting = false;
    report(box);
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
  const nodes = [];
  if (data.source) nodes.push(thumb(box, data.source, data.words.source, () => box.tell("unsource", data.source)));
  box.items.forEach((item, i) => nodes.push(thumb(box, item, `${data.words.reference} ${i + 1}`, () => drop(box, item))));
  if (data.room > 0) nodes.push(adder(box));
  if (box.items.length > data.room) box.trouble ||= data.words.full;
  nodes.push(element("p", { className: "trouble", role: "alert", textContent: box.trouble }));
  const focused = root.getRootNode().activeElement?.dataset?.name;
  root.replaceChildren(...nodes);
  if (focused) [...root.querySelectorAll("[data-name]")].find((node) => node.dataset.name === focused)?.focus();
}

function drop(box, item) {
  box.items = box.items.filter((other) => other !== item);
  if (item.preview) URL.revokeObjectURL(item.preview);
  box.trouble = "";
  report(box);
  draw(box);
}

function thumb(box, item, label, remove) {
  const { data } = box;
  const source = item.preview ?? `${data.base}${typeof item === "string" ? item : item.id}/256`;
  const frame = element("figure", { className: item.waiting ? "thumb waiting" : "thumb" });
  frame.append(element("img", { src: source, alt: label }));
  frame.append(element("figcaption", { textContent: item.waiting ? data.words.uploading : label }));
  if (typeof item === "string" ? data.removable : !item.waiting) frame.append(cross(`${data.words.remove}: ${label}`, remove));
  return frame;
}

function cross(label, onclick) {
  const button = element("button", { type: "button", className: "cross", ariaLabel: label, title: label, onclick });
  button.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg>';
  return button;
}

function adder(box) {
  const { words } = box.data;
  const input = element("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/avif", multiple: true });
  input.hidden = true;
  input.onchange = () => take(box, input.files);
  const button = element("button", { type: "button", className: "add", title: words.hint, onclick: () => input.click() });
  button.dataset.name = "add";
  button.innerHTML = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 14l4-4 3 3 3-3 4 4M10 8V3M7.5 5.5L10 3l2.5 2.5"/></svg>';
  button.append(element("span", { textContent: words.add }));
  const label = element("span", { className: "add-box" });
  label.append(button, input);
  return label;
}

function element(name, properties) {
  const node = Object.assign(document.createElement(name), properties);
  return node;
}
