// What keys do in the grid: move, pick, and act on what is picked or has the focus.

// `here`: { rows, total, current, height } – the grid's rows, how many images, the tile in focus, pixels in sight.
// Returns the place to go to, or null when the key means nothing here.
export function destination(key, { rows, total, current, height }) {
  const page = Math.max(1, Math.floor(height / rows.target));
  const moves = {
    ArrowLeft: () => current - 1,
    ArrowRight: () => current + 1,
    ArrowUp: () => rows.beside(current, -1),
    ArrowDown: () => rows.beside(current, 1),
    Home: () => 0,
    End: () => total - 1,
    PageUp: () => rows.starts[Math.max(0, rows.of(current) - page)],
    PageDown: () => rows.starts[Math.min(rows.length - 1, rows.of(current) + page)],
  };
  return Object.hasOwn(moves, key) ? Math.min(total - 1, Math.max(0, moves[key]())) : null;
}

// What a key other than those asks for: "pick", "all", "none", or the name of an act. `acts` name their own keys.
export function wish({ key, ctrlKey, metaKey }, acts, inButton) {
  if (ctrlKey || metaKey) return key.toLowerCase() === "a" ? "all" : key === " " ? "pick" : null;
  if (key === "Escape") return "none";
  if (key === " ") return inButton ? null : "pick";
  return acts.find((act) => act.key === key.toLowerCase())?.act ?? null;
}
