// What the keys do on the map. None of them reaches Streamlit, which has one-letter keys of its own.

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

export function keyed(event, map) {
  event.stopPropagation();
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || map.dialog.dataset.state !== "ready") return;
  const done = target === map.field ? seeking(event, map) : walking(event, map, target.closest(".node"));
  if (done) event.preventDefault();
}

function seeking(event, map) {
  if (event.key === "Enter") return map.find(map.field.value, event.shiftKey ? -1 : 1), true;
  if (event.key === "ArrowDown" && map.tree) return map.go(map.view.current), true;
  return false;
}

function walking(event, map, onNode) {
  const { key } = event;
  const anywhere = {
    "/": () => map.field.focus(),
    "+": () => map.view.step(1),
    "=": () => map.view.step(1),
    "-": () => map.view.step(-1),
    0: () => map.view.fit(),
  }[key];
  if (anywhere) return anywhere(), true;
  if (!onNode) return false; // buttons keep their keys
  if (ARROWS.includes(key)) return walk(key, map), true;
  const here = {
    Enter: () => map.openImage(),
    " ": () => map.fold(),
    c: () => map.mark(),
    C: () => map.withParent(),
    g: () => map.goOn(),
  }[key];
  if (here) return here(), true;
  if (/^[1-9]$/.test(key)) return map.pick(Number(key) - 1), true;
  return false;
}

function walk(key, map) {
  const folded = map.tree.folded.has(map.view.current);
  const to = map.tree.walk(map.view.current, key);
  if (folded && key === "ArrowRight") map.view.show(map.tree);
  if (to) map.go(to);
}
