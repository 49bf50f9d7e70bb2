// Where the nodes of a tree stand: columns from left to right by generation, rows so that nothing overlaps and a parent
// is in the middle of its children (after Reingold and Tilford). Rows are fractions; one row holds one node.

// Gives Map(id → { column, row, order }), the number of columns and of rows. `order` counts along the branches.
export function layout(roots, childrenOf) {
  const order = inOrder(roots, childrenOf);
  const outlines = new Map(), offsets = new Map();
  for (const { id, column } of [...order].reverse()) {
    const kids = childrenOf(id);
    const { rows, outline } = stacked(kids.map((kid) => outlines.get(kid)), column + 1);
    const middle = kids.length ? (rows[0] + rows.at(-1)) / 2 : 0;
    kids.forEach((kid, place) => offsets.set(kid, rows[place] - middle));
    outlines.set(id, under(outline, middle, column));
  }
  const { rows } = stacked(roots.map((root) => outlines.get(root)), 0);
  roots.forEach((root, place) => offsets.set(root, rows[place]));
  return placed(order, offsets);
}

function inOrder(roots, childrenOf) {
  const order = [], waiting = [...roots].reverse().map((id) => ({ id, column: 0, parent: null }));
  while (waiting.length) {
    const here = waiting.pop();
    order.push(here);
    const below = { column: here.column + 1, parent: here.id };
    waiting.push(...[...childrenOf(here.id)].reverse().map((id) => ({ id, ...below })));
  }
  return order;
}

// An outline is the first and the last row of a subtree by column, the deepest column first: then a parent is added at
// the end, and two outlines are joined in as many steps as the shorter one has columns. `shift` counts for all its rows.

// Subtrees one below the other, as close as their outlines let them; takes these outlines apart.
function stacked(outlines, column) {
  let all = null;
  const rows = outlines.map((next) => {
    if (!all) return (all = next, 0);
    const shared = Math.min(all.deep, next.deep);
    let row = -Infinity;
    for (let c = column; c <= shared; c++) row = Math.max(row, at(all, all.last, c) + 1 - at(next, next.first, c));
    all = joined(all, next, row, column, shared);
    return row;
  });
  return { rows, outline: all };
}

function joined(above, below, row, column, shared) {
  below.shift += row;
  const [kept, taken, side] = below.deep > above.deep ? [below, above, "first"] : [above, below, "last"];
  for (let c = column; c <= shared; c++) kept[side][kept.deep - c] = at(taken, taken[side], c) - kept.shift;
  return kept;
}

function at({ deep, shift }, rows, column) {
  return rows[deep - column] + shift;
}

// The outline of children with their parent before them, as the parent sees it.
function under(outline, middle, column) {
  const all = outline ?? { deep: column, first: [], last: [], shift: 0 };
  all.shift -= middle;
  all.first.push(-all.shift);
  all.last.push(-all.shift);
  return all;
}

function placed(order, offsets) {
  const places = new Map();
  let top = Infinity, bottom = 0, columns = 0;
  order.forEach(({ id, column, parent }, at) => {
    const row = offsets.get(id) + (parent === null ? 0 : places.get(parent).row);
    places.set(id, { column, row, order: at });
    [top, bottom, columns] = [Math.min(top, row), Math.max(bottom, row), Math.max(columns, column + 1)];
  });
  for (const place of places.values()) place.row -= top;
  return { places, columns, rows: places.size ? bottom - top + 1 : 0 };
}
