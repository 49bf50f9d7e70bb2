// What the pictures of an ask are drawn with: a thumbnail that can be removed, a button that chooses files.

export function thumb({ words, base }, item, label, caption, remove) {
  const frame = element("figure", { className: item.waiting ? "thumb waiting" : "thumb" });
  item.image ??= element("img", { src: item.preview ?? `${base}${item.id}/256` }); // the same again, or it would flash
  item.image.alt = label;
  frame.append(item.image);
  frame.append(element("figcaption", { textContent: item.waiting ? words.uploading : caption }));
  if (remove && !item.waiting) frame.append(cross(`${words.remove}: ${label}`, remove));
  return frame;
}

function cross(label, onclick) {
  const button = element("button", { type: "button", className: "cross", ariaLabel: label, title: label, onclick });
  button.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg>';
  return button;
}

export function adder(name, text, hint, multiple, picked) {
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

export function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
