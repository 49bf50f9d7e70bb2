// The turns of a conversation as a tree: who comes from whom, what is folded away, where the arrow keys lead.

import { layout } from "./lineage_layout.js";

export class Tree {
  constructor({ nodes, outside }, folded = new Set()) {
    this.nodes = new Map([...outside.map(stranger), ...nodes].map((node) => [node.id, node]));
    this.turns = nodes;
    this.folded = folded;
    this.roots = [];
    this.kids = new Map([...this.nodes.keys()].map((id) => [id, []]));
    this.came = new Map(); // the child through which a node was left, so that the way back leads there
    for (const node of nodes) this.#hang(node);
    this.below = this.#counted();
    this.place();
  }

  #hang(node) {
    const parent = this.nodes.get(node.parent);
    if (!parent) return this.roots.push(node.id);
    if (parent.outside && !this.kids.get(parent.id).length) this.roots.push(parent.id);
    this.kids.get(parent.id).push(node.id);
  }

  #counted() {
    const below = new Map();
    const { places } = layout(this.roots, (id) => this.kids.get(id));
    for (const id of [...places.keys()].reverse())
      below.set(id, this.kids.get(id).reduce((sum, kid) => sum + 1 + below.get(kid), 0));
    return below;
  }

  place() {
    Object.assign(this, layout(this.roots, (id) => this.shown(id)));
  }

  get(id) {
    return this.nodes.get(id);
  }

  shown(id) {
    return this.folded.has(id) ? [] : this.kids.get(id);
  }

  parent(id) {
    return this.nodes.get(this.nodes.get(id).parent)?.id ?? null;
  }

  siblings(id) {
    const parent = this.parent(id);
    return parent === null ? this.roots : this.kids.get(parent);
  }

  // From here to the beginning.
  trail(id) {
    const trail = [];
    for (let at = id; at !== null; at = this.parent(at)) trail.push(at);
    return trail;
  }

  fold(id, folded = !this.folded.has(id)) {
    if (!this.kids.get(id).length) return;
    if (folded) this.folded.add(id);
    else this.folded.delete(id);
    this.place();
  }

  foldAll() {
    const branches = [...this.nodes.keys()].filter((id) => this.roots.includes(id) ? false : this.kids.get(id).length);
    const all = branches.every((id) => this.folded.has(id));
    this.folded.clear();
    if (!all) branches.forEach((id) => this.folded.add(id));
    this.place();
  }

  // Unfold whatever hides this node.
  reveal(id) {
    const hidden = this.trail(id).slice(1).filter((above) => this.folded.delete(above));
    if (hidden.length) this.place();
  }

  // Where an arrow key leads from here; null at an edge.
  walk(id, key) {
    if (key === "ArrowLeft") return this.#up(id);
    if (key === "ArrowRight") return this.#down(id);
    if (key === "Home") return this.roots[0];
    if (key === "End") return this.turns.at(-1).id;
    const by = key === "ArrowUp" ? -1 : 1;
    const siblings = this.siblings(id);
    return siblings[siblings.indexOf(id) + by] ?? this.#beside(id, by);
  }

  #up(id) {
    const parent = this.parent(id);
    if (parent) this.came.set(parent, id);
    return parent;
  }

  #down(id) {
    const kids = this.kids.get(id);
    if (!kids.length) return null;
    if (this.folded.has(id)) this.fold(id, false);
    return this.came.get(id) ?? kids[0];
  }

  // No sibling that way: the nearest of the same column.
  #beside(id, by) {
    const here = this.places.get(id);
    let best = null, distance = Infinity;
    for (const [other, { column, row }] of this.places) {
      const away = (row - here.row) * by;
      if (column === here.column && away > 0 && away < distance) [best, distance] = [other, away];
    }
    return best;
  }

  // Turns that say these words, oldest first; of those that were derived, only what they asked otherwise.
  find(text) {
    const wanted = text.trim().toLocaleLowerCase();
    if (!wanted) return [];
    return this.turns.filter((node) => spoken(node).toLocaleLowerCase().includes(wanted)).map(({ id }) => id);
  }

  images() {
    return this.turns.flatMap((node) => node.images.map((image) => ({ ...image, node })));
  }

  // The node of an image, and which of its images it is.
  holder(image) {
    const node = this.turns.find(({ images }) => images.some(({ id }) => id === image));
    return node && { id: node.id, place: node.images.findIndex(({ id }) => id === image) };
  }
}

function stranger(outside) {
  return { ...outside, outside: true, parent: null, images: [outside.image], change: null, counts: {} };
}

// A change with the words beside it, as it was and as it became: "red sign" and "green sign" are both found there.
function spoken({ prompt, change }) {
  if (!change) return prompt;
  const runs = around(change.words);
  return ["added", "gone"].map((other) => runs.filter(([kind]) => kind !== other).map(([, text]) => text).join("")).join("\n");
}

// The runs of a change; of what stayed only the words right beside. Where nothing stayed, only the new words: somebody
// said what to do next, and did not write the prompt anew.
export function around(runs, before = 2, after = 2) {
  if (runs.length > 1 && runs.every(([kind]) => kind !== "kept")) return runs.filter(([kind]) => kind === "added");
  return runs.flatMap(([kind, text], place) => {
    if (kind !== "kept") return [[kind, text]];
    const words = text.split(/(?<=\s)/u);
    const lead = place ? after : 0, tail = place < runs.length - 1 ? before : 0;
    if (words.length <= lead + tail) return [[kind, text]];
    return [[kind, `${words.slice(0, lead).join("")}${place ? "… " : "…"}${words.slice(words.length - tail).join("")}`]];
  });
}
