// One image as large as the window allows, with everything that is known of it. Any screen may mount it.
//
// It listens on `document`:   studio:open  { item }   show this image (id, width, height, placeholder, text); see enlarge
//                             studio:order { total, indexOf(id), at(index), reach(index) }   what the arrows walk along
// and tells there:            studio:shown { id }   studio:closed { id }   studio:ready   (send the order again)
// Streamlit hears `view` (the image in the address, "" for none), `action` and `missing`, and answers with `data.view`.

import { button, fill, make } from "./elements.js";
import { Address } from "./lightbox_address.js";
import { Panel } from "./lightbox_panel.js";
import { Stage } from "./lightbox_stage.js";

const boxes = new WeakMap();

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
    const { signal } = this.leaving;
    document.addEventListener("studio:open", (event) => (event.preventDefault(), this.open(event.detail.item)), { signal });
    document.addEventListener("studio:order", ({ detail }) => ((this.order = detail), this.count()), { signal });
    document.dispatchEvent(new CustomEvent("studio:ready"));
    addEventListener("popstate", () => this.item && this.address.wentBack() && this.hide(), { signal });
  }

  update({ data, setTriggerValue }) {
    this.data = data;
    this.tell = setTriggerValue;
    this.address.heard(data.view);
  }

  leave() {
    this.leaving.abort();
    this.dialog?.close();
    this.dialog?.remove();
  }

  // In front of everything. It is made when it is opened first: most visits only look at the grid.
  front() {
    if (!this.dialog) this.build();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.focus();
  }

  build() {
    const { words } = this.data;
    this.dialog = make("dialog", "box", "", { "aria-label": words.lightbox, tabindex: "-1" });
    this.place = make("p", "place", "", { role: "status" });
    this.previous = button("arrow previous", "previous", words.previous, () => this.step(-1));
    this.next = button("arrow next", "next", words.next, () => this.step(1));
    this.stage = new Stage(() => this.data, (by) => this.step(by));
    const close = button("close", "close", words.close, () => this.close());
    this.panel = new Panel(() => this.data, {
      act: (act, detail) => this.tell("action", { act, id: detail.id, conversation: detail.conversation_id, post: detail.post_id }),
      show: (item) => this.show(item),
      came: (detail) => this.came(detail),
      missing: (id) => this.missing(id),
    });
    this.stage.node.append(this.place, this.previous, this.next, close);
    this.dialog.append(this.stage.node, this.panel.node);
    this.dialog.oncancel = (event) => (event.preventDefault(), this.close());
    this.dialog.onkeydown = (event) => this.key(event);
    // Nothing behind moves while the lightbox is open.
    this.dialog.addEventListener("wheel", (event) => event.target.closest(".panel") || event.preventDefault(), { passive: false });
    this.root.append(this.dialog);
  }

  open(item) {
    this.front();
    this.show(item, true);
  }

  show(item, opening = false) {
    this.item = item;
    this.stage.show(item);
    this.panel.show(item);
    this.count();
    this.address.now(item.id, opening ? 0 : undefined);
    document.dispatchEvent(new CustomEvent("studio:shown", { detail: { id: item.id } }));
  }

  close() {
    this.hide();
    this.address.leave();
  }

  hide() {
    const { id } = this.item ?? {};
    this.item = null;
    this.dialog.close();
    this.stage.clear();
    document.dispatchEvent(new CustomEvent("studio:closed", { detail: { id } }));
  }

  // The address names an image (a link, Back, Forward) or none any more.
  follow(id) {
    if (!id) return this.item && this.hide();
    if (this.item?.id === id) return;
    this.front();
    const known = this.order?.at(this.order.indexOf(id));
    this.item = known ?? { id };
    this.stage.show(this.item);
    this.panel.show(this.item);
    this.count();
    document.dispatchEvent(new CustomEvent("studio:shown", { detail: { id } }));
  }

  // Details arrived: what a link alone did not tell, and who stands beside.
  came(detail) {
    if (detail.id !== this.item?.id) return;
    this.detail = detail;
    if (!this.item.width) this.stage.show((this.item = { ...this.item, ...detail }));
    this.count();
    for (const by of [-1, 1]) this.stage.preload(this.beside(by)?.id);
  }

  missing(id) {
    if (id !== this.item?.id) return;
    this.close();
    this.tell("missing", id);
  }

  // The image beside; undefined when nobody knows, null at the end.
  beside(by) {
    const index = this.order?.indexOf(this.item.id) ?? -1;
    if (index >= 0) {
      if (index + by < 0 || index + by >= this.order.total) return null;
      const item = this.order.at(index + by);
      if (item) return item;
    }
    if (this.detail?.id !== this.item.id) return undefined;
    const id = by < 0 ? this.detail.newer : this.detail.older;
    return id ? { id } : null;
  }

  async step(by) {
    const beside = this.item && this.beside(by);
    if (beside) return this.show(beside);
    const index = this.order?.indexOf(this.item?.id) ?? -1;
    if (beside === undefined && index >= 0) this.reach(index + by);
  }

  async reach(index) {
    const from = this.item;
    const item = await this.order.reach(index).catch(() => null);
    if (item && this.item === from) this.show(item);
  }

  count() {
    if (!this.item) return;
    const { words, locale } = this.data;
    const known = this.order?.indexOf(this.item.id) ?? -1;
    const position = known >= 0 ? known : this.detail?.id === this.item.id ? this.detail.position : -1;
    const total = this.order?.total ?? 0;
    this.place.textContent = position >= 0 && total > position ? fill(words.place, { n: position + 1, total }, locale) : "";
    this.previous.disabled = this.beside(-1) === null;
    this.next.disabled = this.beside(1) === null;
  }

  key(event) {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const keys = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.order && this.reach(0),
      End: () => this.order && this.reach(this.order.total - 1),
    };
    const sibling = /^[1-9]$/.test(event.key) && this.panel.siblings[Number(event.key) - 1];
    const go = keys[event.key] ?? (sibling && (() => this.show(sibling)));
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (!go) return;
    event.preventDefault();
    go();
  }
}
