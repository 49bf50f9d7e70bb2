// Where a tile's picture comes from, in the size that its place needs.

const SIZES = "(max-width: 640px) 92vw, 420px";
const PREVIEW = 1536;

export function point(node, media, id, width = PREVIEW) {
  const address = (size) => `${media}${id}/${size}`;
  node.sizes = SIZES;
  node.srcset = `${address(256)} 256w, ${address(512)} 512w, ${address("preview")} ${Math.min(width, PREVIEW)}w`;
  node.src = address(512);
}

// It was kept a moment ago, and its tile will want it as soon as all else about it is known.
export function fetchAhead(media, id) {
  const node = new Image();
  node.fetchPriority = "high";
  point(node, media, id);
  node.decode().catch(() => {}); // the tile says so when it cannot be had
}
