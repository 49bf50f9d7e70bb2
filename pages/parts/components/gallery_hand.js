// What a person does in the grid by mouse and by keyboard: opens, picks one, a range or all, walks, acts.

import { destination, wish } from "./gallery_keys.js";
import { MOST } from "./gallery_shelf.js";

const HELD = 450; // ms after which a finger that rests on a picture picks it

export class Hand {
  // `on`: { open(index), act(name, ids), failed(again, error), most(n) }. Nothing can be picked where there is nothing to do
  // with many.
  constructor(wall, picks, data, shelf, on) {
    Object.assign(this, { wall, picks, data, shelf, on });
    wall.grid.onkeydown = (event) => this.key(event);
    wall.grid.onclick = (event) => this.clicked(event);
    wall.grid.onpointerdown = (event) => this.touched(event);
    for (const ended of ["pointerup", "pointercancel", "pointermove"])
      wall.grid.addEventListener(ended, (event) => this.left(event), { passive: true });
    wall.grid.oncontextmenu = (event) => this.held !== undefined && event.preventDefault();
  }

  get picking() {
    return this.data().acts.some((act) => act.many);
  }

  // A finger picks by resting; a tap opens, or picks another one.
  touched(event) {
    const cell = event.target.closest(".tile:not(.unread)");
    this.held = undefined;
    if (event.pointerType !== "touch" || !cell || !this.picking) return;
    this.from = [event.clientX, event.clientY];
    this.holding = setTimeout(() => this.picks.toggle((this.held = cell.dataset.id)), HELD);
  }

  left(event) {
    const [x, y] = this.from ?? [0, 0];
    if (event.type !== "pointermove" || Math.hypot(event.clientX - x, event.clientY - y) > 8) clearTimeout(this.holding);
  }

  clicked(event) {
    const cell = event.target.closest("[role=gridcell]"), act = event.target.closest("[data-act]")?.dataset.act;
    if (!cell || !act || act === "download" || event.altKey) return;
    event.preventDefault();
    if (act === "open" && event.detail > 1) return; // the end of a double click, on what went away with its beginning
    if (this.held !== undefined) return (this.held = undefined); // the end of the touch that picked it
    const index = Number(cell.dataset.index), { id } = cell.dataset; // its row may have been forgotten
    if (this.picking && (event.shiftKey || event.ctrlKey || event.metaKey || act === "pick" || (act === "open" && this.picks.size)))
      return event.shiftKey ? this.range(index) : this.picks.toggle(id);
    if (act === "open") this.on.open(index);
    else this.on.act(act, [id]);
  }

  // Pick all from the image that was picked last to this one.
  range(index) {
    const known = this.shelf().indexOf(this.picks.anchor);
    return this.between(known < 0 ? index : known, index);
  }

  // As many as can be acted on at once, unless something else is done before their ids are there.
  async between(from, index) {
    const shelf = this.shelf(), turn = this.picks.begin(), over = () => turn !== this.picks.turn || shelf !== this.shelf();
    const to = Math.max(from - MOST + 1, Math.min(from + MOST - 1, index)), anchor = shelf.at(from)?.id ?? null;
    try {
      const ids = await shelf.ids(Math.min(from, to), Math.max(from, to));
      if (over()) return;
      this.picks.stretch(ids);
      this.picks.anchor = anchor;
      if (to !== index) this.on.most(MOST);
    } catch (error) {
      if (!over()) this.on.failed(() => this.between(from, index), error);
    }
  }

  key(event) {
    if (event.altKey || !this.wall.rows?.length) return;
    const { rows, current } = this.wall, { total } = this.shelf();
    const here = { rows, total, current, height: this.wall.sight.now().height };
    const to = event.ctrlKey || event.metaKey ? null : destination(event.key, here);
    const wanted = to === null ? wish(event, this.data().acts, event.target.closest("button")) : null;
    if (to === null && wanted === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (to !== null) return this.walk(to, event.shiftKey && this.picking);
    this.obey(wanted);
  }

  walk(to, picking) {
    if (picking) {
      this.picks.anchor ??= this.shelf().at(this.wall.current)?.id;
      this.range(to);
    }
    this.wall.focus(to);
  }

  obey(wanted) {
    const { id } = this.shelf().at(this.wall.current) ?? {};
    if (wanted === "none") return this.picks.clear();
    if (wanted === "all") return this.between(0, this.shelf().total - 1);
    if (wanted === "pick") return id && this.picks.toggle(id);
    if (id || this.picks.size) this.on.act(wanted, this.picks.size ? undefined : [id]);
  }
}
