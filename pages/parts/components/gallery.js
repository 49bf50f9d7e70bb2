// The gallery: rows of which only those in sight exist as elements, however many images there are. Any screen may mount
// it over rows of its own (`data.source`) with acts of its own (`data.acts`).
//
// Opens the lightbox through document events (see lightbox.js) and hears there what was done in it: studio:marked { id,
// starred }, studio:trashed { ids }, studio:restored { ids }. Streamlit hears `line` (what is looked for), `action` (what
// leads to another screen) and `wishes` (all other acts, also those with a view; see wishes.js).
import { fill, make, remember, remembered } from "./elements.js";
import { Acts } from "./gallery_acts.js";
import { Find } from "./find.js";
import { Around } from "./gallery_around.js";
import { Bars } from "./gallery_bar.js";
import { Hand } from "./gallery_hand.js";
import { Help, gridKeys } from "./gallery_help.js";
import { listen } from "./gallery_news.js";
import { Picks } from "./gallery_picks.js";
import { Place } from "./gallery_place.js";
import { Shelf } from "./gallery_shelf.js";
import { loaded, retry } from "./gallery_tile.js";
import { Told } from "./gallery_told.js";
import { Wall } from "./gallery_wall.js";
import { enlarge } from "./lightbox_open.js";
import { download } from "./parcel.js";

const CALM = 70; // ms without movement before rows are asked for: who drags the scrollbar passes by most of them
const AGAIN = 5000; // ms between two looks at a gallery that is found to be another one
const SOON = 1000; // ms until a gallery whose index is not there yet is asked for again
const SQUARE = "studio-gallery-square"; // in the browser's memory
const views = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const view = views.get(parentElement) ?? new Gallery(component);
  views.set(parentElement, view);
  view.update(component);
  return () => {
    // Called too when new data overtakes a call, while the component stays on the page.
    if (!parentElement.isConnected && views.delete(parentElement)) view.leave();
  };
}

class Gallery {
  constructor({ parentElement, data }) {
    this.root = make("div", "gallery");
    parentElement.append(this.root);
    this.data = data;
    this.shelf = new Shelf(data.first, data);
    this.picks = new Picks(() => this.picked());
    this.told = new Told(() => this.late());
    this.square = remembered(SQUARE) === "1";
    this.build();
    this.leaving = new AbortController();
    this.help = new Help(this.root, () => this.data, () => this.keys(), this.leaving.signal);
    const hear = (event, then) => document.addEventListener(event, then, { capture: true, signal: this.leaving.signal });
    hear("scroll", () => this.moved());
    hear("studio:ready", () => this.offer());
    hear("studio:shown", ({ detail }) => this.place.at(detail.id));
    hear("studio:closed", ({ detail }) => this.place.closed(detail.id));
    hear("studio:marked", ({ detail: { id, ...facts } }) => this.mark([id], facts));
    hear("studio:trashed", ({ detail }) => this.gone(detail.ids));
    hear("studio:restored", () => (this.stay(), this.measure()));
    hear("visibilitychange", () => document.hidden || this.measure());
    addEventListener("online", () => retry(this.wall.grid), { signal: this.leaving.signal });
    new ResizeObserver(() => this.area.clientWidth !== this.wall.rows?.width && this.arrange()).observe(this.area);
    this.offer();
  }

  update(component) {
    const { data } = component, before = this.data;
    const answers = this.told.heard(component), refused = answers.filter(({ error }) => error);
    this.data = this.around.data = data;
    this.find?.show(data.q);
    if (answers.length) this.find?.refresh();
    if (answers.some(({ undone, error }) => undone && !error)) this.acts?.rise();
    this.refusal = refused[0]?.error ?? this.refusal;
    if (data.q !== before.q) return this.look();
    if ((data.parted ?? 0) !== (before.parted ?? 0)) this.parted();
    this.begun ??= this.begin();
    const mistaken = refused.filter(({ picked }) => picked); // of a view nothing was shown before it was done
    const another = answers.some(({ again, error }) => again && !error); // more changed than was shown
    if (mistaken.length || another) return this.reload(mistaken.flatMap(({ picked }) => picked));
    if (refused.length) this.explain();
    if (data.revision && this.shelf.revision && data.revision !== this.shelf.revision) this.measure();
  }

  leave() {
    this.leaving.abort();
    for (const timer of [this.soon, this.calm]) clearTimeout(timer);
    this.told.leave();
    this.acts?.leave();
    this.find?.leave();
    this.silence?.();
  }

  build() {
    const data = () => this.data;
    this.area = make("div", "area");
    if (this.data.views) this.seek(data);
    this.wall = new Wall(this.area, {
      data,
      shelf: () => this.shelf,
      picked: (id) => this.picks.has(id),
      square: () => this.square,
      painted: (from, to) => this.ask(from, to),
    });
    this.place = new Place(this.wall, () => this.shelf);
    this.hand = new Hand(this.wall, this.picks, data, () => this.shelf, {
      open: (index) => this.open(index),
      act: (act, ids) => this.act(act, {}, ids),
      failed: (again, error) => this.fail(again, error),
      most: (n) => this.around.say(fill(this.data.words.most, { n }, this.data.locale)),
    });
    const item = (cell) => this.shelf.at(Number(cell.dataset.index));
    this.bars = new Bars(this.wall.grid, data, item, (cell) => this.wall.tabbing(cell.parentElement));
    this.around = new Around(this.root, this.area, this.data, {
      create: () => this.told.action({ act: "create" }),
      everybody: () => this.find.look("by:everybody"),
      welcome: () => this.welcome(true),
      square: () => this.shape(),
      keys: () => this.help.show(),
      day: (day, focus) => this.jump(day, focus),
    });
    this.around.shaped(this.square);
    if (this.data.acts.some((act) => act.many))
      this.acts = new Acts(this.root, data, { act: (act, more) => this.act(act, more), none: () => this.picks.clear() });
  }

  // The line above the grid, where images can be looked for.
  seek(data) {
    const place = make("div");
    this.root.append(place);
    const on = {
      change: (q) => this.told.line(q),
      act: ({ act, ...facts }) => this.told.wish(act, facts),
      others: (n) => this.around.others(n),
    };
    this.find = new Find(place, data, on);
  }

  // The line that is looked for while the address does not say it yet.
  late() {
    const wanted = this.find?.applied ?? this.data.q;
    return wanted === this.data.q ? undefined : wanted;
  }

  // First what is in sight; what else there is and what is new may come a moment later.
  async begin() {
    this.arrange();
    await loaded(this.wall.grid);
    if (this.leaving.signal.aborted) return;
    const back = () => (retry(this.wall.grid), this.measure());
    this.silence = listen(() => this.news(), () => this.later(), back);
    this.measure();
  }

  // Something else is looked for: another line, or Back to the one before.
  look() {
    this.shelf = new Shelf(this.data.first, this.data);
    this.newer = [];
    this.around.newer(0);
    this.around.quiet();
    this.picks.clear();
    this.wall.current = 0;
    this.wall.anew();
    this.wall.sight.up();
    this.count();
    this.measure();
    this.offer();
  }

  arrange() {
    this.wall.arrange();
    this.count();
  }

  count() {
    const { shelf } = this;
    this.around.count(shelf.complete ? shelf.total : null, Boolean(this.data.q), shelf.stacked ? "post" : "image");
    this.around.dated(!shelf.order || ["newest", "oldest"].includes(shelf.order));
  }

  shape() {
    this.square = !this.square;
    remember(SQUARE, this.square ? "1" : "0");
    this.around.shaped(this.square);
    this.wall.arrange();
  }

  // `focus`: the keyboard goes there too.
  async jump(day, focus) {
    const { shelf } = this;
    try {
      const index = Math.min(shelf.total - 1, await shelf.place(day));
      if (index < 0 || shelf !== this.shelf) return;
      this.wall.go(index);
      await shelf.reach(index);
      if (shelf !== this.shelf) return;
      this.wall.redraw();
      if (focus) this.wall.focus(index);
    } catch (error) {
      if (shelf === this.shelf) this.fail(() => this.jump(day, focus), error);
    }
  }

  moved() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.wall.moved();
      this.say();
    });
  }

  ask(from, to) {
    this.seen = [from, to];
    clearTimeout(this.calm);
    this.calm = setTimeout(() => {
      const good = () => (this.well(), this.wall.redraw(), this.say());
      if (this.shelf.want(from, to, good, (error) => this.fail(() => this.ask(from, to), error))) return;
      if (Date.now() - (this.measured ?? 0) > AGAIN) this.measure();
    }, this.wall.drawn.size && this.shelf.at(from) && this.shelf.at(to) ? 0 : CALM);
  }

  say() {
    const { first, top } = this.wall;
    this.around.when(first === null ? null : this.shelf.about(first), top > 40);
    if (top < 8 && this.newer?.length) this.welcome(false);
  }

  async measure() {
    if (this.leaving.signal.aborted) return;
    this.measured = Date.now();
    clearTimeout(this.soon);
    const { shelf } = this, measuring = shelf.measure(...(this.seen ?? [0, 0])), { turn } = shelf;
    const over = () => this.leaving.signal.aborted || shelf !== this.shelf || turn !== shelf.turn;
    try {
      const changed = await measuring;
      if (over()) return;
      this.unmeasured = false;
      if (changed) this.place.follow(), this.arrange(), this.place.regain(), this.wall.remark(), this.find?.refresh();
      this.count();
      this.offer();
      this.newer = [];
      this.around.newer(0);
      this.well();
      this.explain();
    } catch (error) {
      if (over()) return;
      if (error.status === 503) this.soon = setTimeout(() => this.measure(), SOON);
      if (error.status === 400) return this.around.count(0, true); // the line is wrong; what it says so stands beside it
      this.unmeasured = true;
      this.fail(() => this.measure(), error);
    }
  }

  // In the server's words when it answered at all.
  fail(again, error) {
    this.around.fail(again, error.status ? error.message : "");
  }

  // Nothing is missing any more, neither what is in sight nor the whole.
  well() {
    if (!this.unmeasured && !this.shelf.failed.size) this.around.well();
  }

  // What was shown was too early: it was refused. These images were picked for it.
  reload(picked) {
    this.shelf.distrust();
    this.stay();
    this.picks.again(picked);
    this.measure();
  }

  // Why, once it is shown as it is.
  explain() {
    if (this.refusal) this.around.say(this.refusal);
    this.refusal = "";
  }

  async news() {
    const { shelf } = this;
    try {
      const newer = await shelf.fresh();
      if (shelf !== this.shelf) return;
      this.newer = newer;
    } catch {
      return; // the socket or the next visit tells it again
    }
    if (this.newer === null) return this.measure();
    if (this.newer.length && this.wall.sight.now().top < 8) return this.welcome(false);
    this.around.newer(this.newer.length);
  }

  // Put what is new in front; `up` also goes there.
  welcome(up) {
    const items = this.newer ?? [];
    this.newer = [];
    this.around.newer(0);
    this.shelf.prepend(items);
    this.wall.current += items.length;
    this.wall.entering = new Set(items.map((item) => item.id));
    this.arrange();
    if (up) this.wall.sight.up();
    setTimeout(() => this.wall.entering.clear(), 1000);
    this.offer();
  }

  keys() {
    return gridKeys(this.data, Boolean(this.find));
  }

  // What the lightbox walks along; that of the next screen is not ours.
  offer() {
    if (this.leaving.signal.aborted) return;
    this.shelf.keys = () => this.keys();
    document.dispatchEvent(new CustomEvent("studio:order", { detail: this.shelf }));
  }

  open(index) {
    const item = this.shelf.at(index);
    if (!item) return;
    this.wall.current = index;
    enlarge(item, this.shelf);
  }

  picked() {
    const { ids, size } = this.picks, leaves = size === 0 && this.acts?.focused;
    this.area.classList.toggle("picking", size > 0);
    this.wall.remark();
    this.acts?.show(size, size > 0 && [...ids].every((id) => this.shelf.is(id, "starred")));
    if (leaves && this.wall.rows?.length) this.wall.focus(this.wall.current); // the bar took the keyboard's place with it
  }

  // Do this with these images, or with all that are picked; on screen at once, and for good when Streamlit has done it.
  act(act, more = {}, ids = [...this.picks.ids]) {
    const { goes, leaves, others } = this.data.acts.find((one) => one.act === act);
    if (!others) ids = this.mine(ids);
    if (!ids.length) return;
    const told = { ids, ...more };
    const picked = ids.filter((id) => this.picks.has(id));
    if (act === "star" || act === "select") {
      const fact = act === "star" ? "starred" : "selected";
      told.on = !ids.every((id) => this.shelf.is(id, fact));
      this.mark(ids, { [fact]: told.on });
    }
    if (act === "download") return this.download(ids);
    if (goes) return this.told.action({ act, id: ids[0] });
    if (leaves) this.gone(ids);
    const again = act === "select", undone = leaves || act === "project"; // select takes the mark from others of a post
    this.told.wish(act, told, { undone, picked, again });
  }

  // Who may look at everybody's images changes only their own, as far as it is known whose they are.
  mine(ids) {
    const mine = ids.filter((id) => this.shelf.at(this.shelf.indexOf(id))?.mine !== false);
    if (mine.length < ids.length) this.around.say(this.data.words.others);
    return mine;
  }

  mark(ids, facts) {
    this.shelf.patch(ids, facts);
    this.wall.remark();
    this.picked();
  }

  // Nothing leaves after all.
  stay() {
    for (const cell of this.wall.cells()) cell.classList.remove("leaving");
  }

  // These are about to leave the screen.
  gone(ids) {
    const leaving = new Set(ids);
    for (const cell of this.wall.cells()) cell.classList.toggle("leaving", leaving.has(cell.dataset.id));
    this.picks.drop(ids);
    this.later();
  }

  // What was picked went for good, behind a dialog that took the keyboard with it.
  parted() {
    this.picks.clear();
    setTimeout(() => document.activeElement === document.body && this.wall.rows?.length && this.wall.focus(this.wall.current), SOON);
  }

  // Some left, or came back: once, however many windows tell it.
  later() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.measure(), SOON);
  }

  // One as it is, several in a zip.
  download(ids) {
    if (ids.length > 1) return download(ids, (sentence) => this.around.fail(() => this.download(ids), sentence));
    make("a", "", "", { href: `${this.data.media}${ids[0]}/download`, download: "" }).click();
  }
}
