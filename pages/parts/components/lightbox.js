// One image as large as the window allows, with everything that is known of it. Any screen may mount it.
//
// It listens on `document`:   studio:open  { item }   show this image (id, width, height, placeholder, text); see enlarge
//                             studio:order { total, indexOf(id), at(index), reach(index) }   what the arrows walk along;
//                             with `keys()`, the keys of that screen are listed too
// and tells there:            studio:shown { id }   studio:closed { id }   studio:ready   (send the order again)
//                             studio:marked { id, starred }   studio:trashed { ids }   studio:restored { ids }
// With `data.plain` it shows what is in the trash: there are no details but how long it stays, and nothing is done with an
// image but downloading it and taking it back.
// Streamlit hears `view` (the image in the address, "" for none), `wishes` (star, trash and restore, see wishes.js),
// `action` (to go elsewhere with an image) and `missing`, and answers with `data.view` and `data.answers`.

import { dim, fill, make, remember, remembered } from "./elements.js";
import { Address } from "./lightbox_address.js";
import { Bar } from "./lightbox_bar.js";
import { Keys, arrow } from "./lightbox_keys.js";
import { Marks } from "./lightbox_marks.js";
import { Panel } from "./lightbox_panel.js";
import { Stage } from "./lightbox_stage.js";
import { Walk } from "./lightbox_walk.js";

const boxes = new WeakMap();
const PANEL = "studio:lightbox-panel"; // in the browser's memory: whether somebody wants to see it

export default function (component) {
  const { parentElement } = component;
  const box = boxes.get(parentElement) ?? new Lightbox(component);
  boxes.set(parentElement, box);
  box.update(component);
  return () => {
    // Called too when new data overtakes a call, while the component stays on the page.
    if (!parentElement.isConnected && boxes.delete(parentElement)) box.leave();
  };
}

class Lightbox {
  constructor({ parentElement, data }) {
    this.root = parentElement;
    this.data = data;
    this.item = null;
    this.address = new Address((view) => this.tell("view", view), (id) => this.follow(id));
    this.leaving = new AbortController();
    this.marks = new Marks(this, this.leaving.signal);
    this.walk = new Walk((id) => this.panel?.known.get(id), this.marks.gone);
    const { signal } = this.leaving;
    document.addEventListener("studio:open", (event) => (event.preventDefault(), this.open(event.detail.item)), { signal });
    document.addEventListener("studio:order", ({ detail }) => this.ordered(detail), { signal });
    document.dispatchEvent(new CustomEvent("studio:ready"));
    addEventListener("popstate", () => this.moved(), { signal });
  }

  update(component) {
    this.data = component.data;
    this.tell = component.setTriggerValue;
    this.marks.heard(component);
    this.address.heard(this.data.view);
  }

  leave() {
    this.leaving.abort();
    this.item = null;
    this.address.leave();
    this.marks.leave();
    this.stage?.leave();
    this.dialog?.close();
    this.dialog?.remove();
  }

  // In front of everything. It is made when it is opened first: most visits only look at the grid.
  front() {
    if (!this.dialog) this.build();
    if (!this.dialog.open) this.dialog.showModal();
    this.marks.place(this.dialog);
    this.dialog.focus();
  }

  build() {
    const { words } = this.data, data = () => this.data;
    this.dialog = make("dialog", "box", "", { "aria-label": words.lightbox, tabindex: "-1" });
    this.stage = new Stage(data, { step: (by) => this.step(by), close: () => this.close(), came: () => this.ahead() });
    this.panel = new Panel(data, {
      act: (act, detail) => this.go(act, detail),
      show: (item) => this.show(item),
      came: (detail) => this.came(detail),
      missing: (id) => this.missing(id),
      coming: (id) => this.marks.coming(id),
      placed: (id) => this.walk.asks(id),
    });
    this.bar = new Bar(data, this);
    this.keys = new Keys(data, () => this.walk.order?.keys?.() ?? []);
    this.previous = arrow("previous", words.previous, "←", "ArrowLeft", () => this.step(-1));
    this.next = arrow("next", words.next, "→", "ArrowRight", () => this.step(1));
    this.notice = make("p", "notice", "", { role: "alert", hidden: "" });
    this.stays = make("p", "stays", "", { role: "status" });
    this.stage.node.append(this.bar.node, this.previous, this.next, this.stays, this.notice, this.keys.node);
    this.stage.changed = (percent) => this.bar.zoomed(percent);
    this.dialog.append(this.stage.node, this.panel.node);
    this.dialog.oncancel = (event) => (event.preventDefault(), this.escape());
    this.dialog.onclose = () => this.item && this.close(); // a browser may close it without asking
    this.dialog.onkeydown = (event) => this.keys.pressed(event, this);
    // Nothing behind moves while the lightbox is open.
    this.dialog.addEventListener("wheel", (event) => event.target.closest(".panel") || event.preventDefault(), { passive: false });
    this.dialog.classList.toggle("plain", Boolean(this.data.plain));
    this.inform(!this.data.plain && remembered(PANEL) !== "hidden");
    this.root.append(this.dialog);
  }

  open(item) {
    this.front();
    this.show(item, true);
  }

  show(item, opening = false) {
    this.walk.towards(item, this.item);
    this.look(item);
    this.address.now(item.id, opening ? 0 : undefined);
  }

  look(item) {
    const known = this.walk.order?.at(this.walk.index(item.id)) ?? item;
    this.item = known;
    this.warn("");
    this.dialog.classList.toggle("gone", this.marks.gone.has(known.id));
    this.stage.show(known);
    this.stays.textContent = known.used ? this.data.words.in_use : (known.note ?? "");
    if (!this.data.plain) this.panel.show(known);
    this.bar.show(known);
    this.count();
    document.dispatchEvent(new CustomEvent("studio:shown", { detail: { id: known.id } }));
  }

  close() {
    this.hide();
    this.address.closed();
  }

  hide() {
    const { id } = this.item ?? {};
    this.item = null;
    this.keys.show(false);
    this.dialog.close();
    this.stage.clear();
    this.marks.place(this.root);
    document.dispatchEvent(new CustomEvent("studio:closed", { detail: { id } }));
  }

  // One thing after the other.
  escape() {
    if (this.keys.shown) return this.keys.show(false);
    if (this.stage.zoom.zoomed) return this.stage.zoom.reset();
    this.close();
  }

  // The address names an image (a link, Back, Forward) or none any more.
  follow(id) {
    if (!id) return this.item && this.hide();
    if (this.item?.id === id || !this.root.isConnected) return; // on the way to another page it is not there any more
    this.front();
    this.look({ id });
  }

  // Back or Forward in the browser.
  moved() {
    this.address.moved();
    if (this.item && this.address.wentBack()) this.hide();
  }

  // Details arrived: what a link alone did not tell, and who stands beside.
  came(detail) {
    if (detail.id !== this.item?.id) return;
    if (!this.item.width) this.stage.show((this.item = { ...this.item, ...detail, text: detail.caption || detail.prompt }));
    this.stage.name(detail.alt || detail.caption || detail.prompt);
    this.bar.show(this.item, detail);
    this.count();
    this.ahead();
  }

  missing(id) {
    if (id !== this.item?.id) return;
    this.close();
    this.tell("missing", id);
  }

  // Elsewhere with an image: who comes back from there finds it open, so the history stays.
  go(act, detail) {
    this.hide();
    this.address.rest();
    this.tell("action", { act, id: detail.id, conversation: detail.conversation_id, post: detail.post_id });
  }

  // ---- walking ----

  ordered(order) {
    this.walk.order = order;
    if (this.data.plain) this.marks.settle();
    if (this.data.plain && this.item && !this.item.width) this.look(this.item); // a link told no more than its id
    if (this.item && this.stood === this.item.id && this.walk.index(this.item.id) < 0) this.doubt(this.item);
    this.count();
  }

  // It left the order: it is no longer what is looked for, or somebody threw it away elsewhere.
  async doubt(item) {
    if (this.data.plain || this.marks.gone.has(item.id) || (await this.panel.there(item.id)) || this.item !== item) return;
    this.marks.elsewhere(item);
    this.dialog.classList.add("gone");
  }

  async step(by) {
    const from = this.item, item = from && (await this.walk.beside(from.id, by));
    if (item && this.item === from) this.show(item);
  }

  async end(by) {
    const from = this.item, item = await this.walk.end(by);
    if (item && this.item === from) this.show(item);
  }

  // Fetch what comes next, once what is looked at is there.
  ahead() {
    if (this.item) for (const id of this.walk.ahead(this.item.id)) this.stage.preload(id);
  }

  count() {
    if (!this.item) return;
    const { words, locale } = this.data, { id } = this.item;
    const at = this.walk.place(id), { total } = this.walk;
    this.stood = this.walk.index(id) < 0 ? null : id;
    this.bar.place.textContent = at >= 0 && total > at ? fill(words.place, { n: at + 1, total }, locale) : "";
    dim(this.previous, this.walk.known(id, -1) === null);
    dim(this.next, this.walk.known(id, 1) === null);
  }

  // ---- what is done with it ----

  star() {
    if (this.item && this.item.mine !== false && !this.marks.gone.has(this.item.id)) this.marks.star(this.item.id, !this.starred);
  }

  get starred() {
    return this.marks.starred(this.item, this.panel.known.get(this.item.id));
  }

  async trash() {
    const from = this.item;
    if (!from || from.mine === false || this.marks.gone.has(from.id)) return;
    await this.leaves(from, () => this.marks.trash(from));
  }

  // These went along with what they were derived from.
  async passed(ids) {
    if (this.item && ids.includes(this.item.id)) await this.leaves(this.item);
  }

  // Out of the trash: nothing is left to look at after the last one.
  async restore() {
    const from = this.item;
    if (!from || this.marks.gone.has(from.id)) return;
    await this.leaves(from, () => this.marks.restore(from), () => this.close());
  }

  // Go on to the next; the last one stays until nobody can take it back.
  async leaves(from, then, last = () => this.show(from)) {
    const next = (await this.walk.beside(from.id, 1)) ?? (await this.walk.beside(from.id, -1));
    if (this.item !== from) return;
    then?.();
    if (next) this.show(next);
    else last();
  }

  // It was taken back.
  back(item) {
    if (this.dialog.open) this.show(item);
  }

  // Nothing can be taken back any more.
  over() {
    if (this.item && this.marks.gone.has(this.item.id)) this.close();
  }

  // The keyboard, or no key would be heard.
  regain() {
    if (this.dialog?.open && !this.dialog.matches(":focus-within")) this.dialog.focus();
  }

  // A mark changed, here or on the screen behind.
  marked(id) {
    if (id === this.item?.id) this.bar.star(this.starred);
  }

  warn(text) {
    if (!this.dialog) return;
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  download() {
    this.bar.download.click();
  }

  edit() {
    if (this.item) this.go("create", this.item);
  }

  full() {
    const { zoom } = this.stage;
    if (!zoom.full()) this.bar.already(zoom.percent);
  }

  info() {
    this.inform(this.dialog.classList.contains("alone"));
    remember(PANEL, this.dialog.classList.contains("alone") ? "hidden" : "shown");
  }

  inform(shown) {
    this.dialog.classList.toggle("alone", !shown);
    this.bar.informed(shown);
  }

  nth(place) {
    const sibling = this.panel.siblings[place - 1];
    if (sibling) this.show(sibling);
  }
}
