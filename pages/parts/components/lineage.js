// The map of a conversation: every turn as a picture, on each edge what was asked otherwise. It fills the window when it
// is opened, and only then asks for its rows.
//
// It tells `studio:open` and `studio:order` to the lightbox of the page, and Streamlit `continue` (an image's id) and
// `leave` (a conversation's id).

import { fill, make } from "./elements.js";
import { enlarge } from "./lightbox_open.js";
import { Compare } from "./lineage_compare.js";
import { act, sign } from "./lineage_icons.js";
import { keyed } from "./lineage_keys.js";
import { Panel, openable } from "./lineage_panel.js";
import { Tree } from "./lineage_tree.js";
import { View } from "./lineage_view.js";
import { turnName } from "./lineage_words.js";

const maps = new WeakMap();
const FOCUS_MS = 400; // until Streamlit has drawn what the next turn starts from

export default function ({ data, parentElement, setTriggerValue }) {
  const map = maps.get(parentElement) ?? new Lineage(parentElement, data);
  maps.set(parentElement, map);
  map.update(data, setTriggerValue);
  return () => {
    maps.delete(parentElement);
    map.leave();
  };
}

class Lineage {
  constructor(root, data) {
    Object.assign(this, { root, data, marked: [], places: new Map() });
    this.opener = make("button", "opener", "", { type: "button", "aria-haspopup": "dialog" });
    this.opener.append(sign("map"), make("span", "", data.words.map));
    this.opener.onclick = () => this.open();
    root.append(this.opener);
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    document.addEventListener("studio:shown", ({ detail }) => this.#follow(detail.id), { signal });
  }

  update(data, tell) {
    const news = this.data.mark !== data.mark;
    Object.assign(this, { data, tell });
    this.opener.lastChild.textContent = data.words.map;
    this.opener.title = data.words.hint;
    if (news && this.dialog?.open) this.load();
  }

  leave() {
    this.leaving.abort();
    this.view?.leave();
    this.dialog?.close();
    this.dialog?.remove();
    this.opener.remove();
  }

  open() {
    if (!this.dialog) this.#build();
    this.dialog.showModal();
    this.load();
  }

  close() {
    this.dialog.close();
    this.opener.focus();
  }

  // ---- what it shows ----

  async load() {
    const first = !this.tree;
    if (first) this.#say("waiting", this.data.words.loading);
    try {
      const answer = await fetch(`${location.origin}/api/conversations/${encodeURIComponent(this.data.conversation)}/lineage`);
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(said.error);
      if (this.dialog.open) this.#show(said);
    } catch (error) {
      if (first) this.#fail(error);
    }
  }

  #show(said) {
    if (!said.nodes.length) return this.#say("empty", this.data.words.empty);
    const known = this.tree?.get(this.view.current);
    this.tree = new Tree(said, this.tree?.folded);
    this.marked = this.marked.filter(({ image }) => this.tree.holder(image));
    this.view.marked = this.marked;
    this.dialog.dataset.state = "ready";
    this.state.hidden = true;
    this.view.current = known && this.tree.get(known.id) ? known.id : this.tree.turns.at(-1).id;
    this.tree.reveal(this.view.current);
    this.view.show(this.tree);
    if (!known) this.view.fit();
    if (!known && this.view.zoom < 0.67) this.view.scale(0.85);
    this.go(this.view.current, { calm: true, focus: !known });
    this.#count();
  }

  #fail(error) {
    const { words } = this.data;
    this.#say("failed", error.message && !(error instanceof TypeError) ? error.message : words.failed, "alert");
    const again = make("button", "act", words.retry, { type: "button" });
    again.onclick = () => this.load();
    this.state.append(again);
    again.focus();
  }

  #say(state, text, role = "status") {
    this.dialog.dataset.state = state;
    this.state.hidden = false;
    this.state.replaceChildren(make("p", "", text, { role }));
  }

  // ---- walking ----

  go(id, how) {
    this.tree.reveal(id);
    this.view.go(id, how);
    this.#detail();
  }

  get node() {
    return this.tree.get(this.view.current);
  }

  // The node's image that is meant: what was picked, what the team selected, or the first.
  get place() {
    const { id, images } = this.node;
    return this.places.get(id) ?? Math.max(0, images.findIndex(({ selected }) => selected));
  }

  get image() {
    return this.node.images[this.place];
  }

  pick(place) {
    if (!this.node.images[place]) return;
    this.places.set(this.node.id, place);
    this.#detail();
  }

  fold(id = this.node.id) {
    this.tree.fold(id);
    if (!this.tree.places.has(this.view.current)) this.view.current = id;
    this.#redraw();
  }

  foldAll() {
    this.tree.foldAll();
    while (!this.tree.places.has(this.view.current)) this.view.current = this.tree.parent(this.view.current);
    this.#redraw();
  }

  #redraw() {
    this.view.show(this.tree);
    this.go(this.view.current, { calm: true });
  }

  find(text, by = 0) {
    const found = this.tree.find(text), fresh = text !== this.sought;
    this.sought = text;
    this.view.found = new Set(found);
    const at = found.indexOf(this.view.current);
    const next = fresh || at < 0 ? 0 : (at + by + found.length) % found.length;
    const { words, locale } = this.data;
    this.hits.textContent = !text.trim() ? "" : found.length ? fill(words.hits, { n: next + 1, total: found.length }, locale) : words.noHits;
    if (found.length) this.go(found[next], { focus: false });
    else this.view.draw();
  }

  // ---- what is done with an image ----

  openImage() {
    if (!openable(this.node)) return;
    const images = (this.node.outside ? this.node.images : this.tree.images()).map((image) => ({
      id: image.id, width: image.w, height: image.h, placeholder: image.placeholder, text: (image.node ?? this.node).prompt,
    }));
    const order = {
      total: images.length,
      indexOf: (id) => images.findIndex((image) => image.id === id),
      at: (index) => images[index],
      reach: async (index) => images[index] ?? null,
    };
    enlarge(order.at(order.indexOf(this.image.id)), order);
  }

  // The lightbox walked on: the map stands where it is.
  #follow(image) {
    const holder = this.dialog?.open && this.tree?.holder(image);
    if (!holder) return;
    this.places.set(holder.id, holder.place);
    this.go(holder.id, { focus: false, calm: true });
  }

  goOn() {
    if (!this.image || this.node.trashed) return;
    this.tell("continue", this.image.id);
    this.close();
    setTimeout(() => this.data.box && document.querySelector(this.data.box)?.focus(), FOCUS_MS);
  }

  mark() {
    const { image, node } = this;
    if (!image) return;
    const known = this.marked.findIndex((one) => one.image === image.id);
    if (known >= 0) this.marked.splice(known, 1);
    else this.marked.push({ image: image.id, node: node.id, side: this.#side(node, image) });
    const both = this.marked.length === 2 && this.marked.map(({ side }) => side);
    if (both) this.marked = [];
    this.view.marked = this.marked;
    this.view.refresh();
    this.#detail();
    if (both) this.compare(both);
  }

  // Beside the image that this turn began with.
  withParent() {
    const parent = this.tree.get(this.tree.parent(this.node.id));
    const from = parent?.images.find(({ id }) => id === this.node.from) ?? parent?.images[0];
    if (from && this.image) this.compare([this.#side(parent, from), this.#side(this.node, this.image)]);
  }

  compare(sides) {
    const inOrder = [...sides].sort((one, other) => one.asked - other.asked);
    this.dialog.dataset.state = "compare";
    this.pair.show(inOrder);
  }

  map() {
    this.pair.hide();
    this.dialog.dataset.state = "ready";
    this.go(this.view.current, { calm: true });
  }

  #side(node, image) {
    const label = [turnName(node, this.data), image.model].filter(Boolean).join(", ");
    const name = turnName(node, this.data, true);
    return { id: image.id, w: image.w, h: image.h, label, name, prompt: node.prompt ?? "", asked: node.asked ?? 0 };
  }

  #detail() {
    const marked = this.marked.some(({ image }) => image === this.image?.id);
    const waiting = this.marked[0]?.side.name;
    this.panel.show(this.tree, this.node, this.place, { marked, waiting });
  }

  // ---- the window ----

  #build() {
    const { words } = this.data, data = () => this.data;
    this.dialog = make("dialog", "lineage", "", { "aria-label": words.title });
    this.state = make("div", "state");
    this.pair = new Compare(data, () => this.map());
    this.view = new View(data, {
      pick: (id) => this.go(id), open: (id) => (this.go(id), this.openImage()), fold: (id) => this.fold(id),
    });
    this.panel = new Panel(data, {
      pick: (id) => this.go(id), image: (place) => this.pick(place), open: () => this.openImage(), go_on: () => this.goOn(),
      mark: () => this.mark(), with_parent: () => this.withParent(), fold: () => this.fold(), leave: (id) => this.tell("leave", id),
    });
    const body = make("div", "body");
    body.append(this.view.node, this.panel.node);
    this.dialog.append(this.#bar(), body, make("p", "keys", words.keys, { "aria-hidden": "true" }), this.pair.node, this.state);
    this.dialog.oncancel = (event) => (event.preventDefault(), this.back());
    this.dialog.onkeydown = (event) => keyed(event, this);
    this.root.append(this.dialog);
  }

  // Escape: one thing after the other.
  back() {
    if (this.dialog.dataset.state === "compare") return this.map();
    if (!this.field.value) return this.close();
    this.field.value = "";
    this.find("");
  }

  #bar() {
    const { words } = this.data;
    const bar = make("header", "bar"), tools = make("div", "tools");
    this.total = make("p", "total");
    this.field = make("input", "", "", { type: "search", placeholder: words.find, "aria-label": words.find });
    this.field.oninput = () => this.find(this.field.value);
    this.hits = make("p", "hits", "", { role: "status" });
    const seek = make("div", "seek");
    seek.append(sign("find"), this.field, this.hits);
    tools.append(
      act("tool", "fold", words.foldAll, () => this.foldAll()), act("tool", "minus", words.smaller, () => this.view.step(-1)),
      act("tool", "plus", words.larger, () => this.view.step(1)), act("tool", "fit", words.fit, () => this.view.fit()),
    );
    bar.append(make("h1", "", words.title), this.total, seek, tools, act("tool close", "close", words.close, () => this.close()));
    return bar;
  }

  #count() {
    const { words, locale } = this.data, n = this.tree.turns.length;
    this.total.textContent = fill(n === 1 ? words.oneTurn : words.turns, { n }, locale);
  }
}
