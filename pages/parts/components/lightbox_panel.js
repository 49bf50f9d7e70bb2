// What is known of an image, and what can be done with it.

import { button, link, make, rows } from "./elements.js";
import { facts, parameters } from "./lightbox_facts.js";
import { copier, threads } from "./lightbox_pieces.js";
import { strips } from "./lightbox_strips.js";

const REST = 120; // ms that an image stays before its details are asked for
const AGAIN = 400; // ms until one that is on its way back from the trash is asked for again
const KEPT = 60; // details that are remembered

export class Panel {
  // `on` hears act(act, detail), show(item), came(detail) and missing(id), and says coming(id) and placed(id).
  constructor(data, on) {
    this.data = data;
    this.on = on;
    this.known = new Map();
    this.siblings = [];
    this.node = make("aside", "panel", "", { "aria-label": data().words.info });
  }

  show(item) {
    this.item = item;
    this.siblings = [];
    clearTimeout(this.timer);
    const known = this.known.get(item.id);
    if (known && (known.position !== null || !this.on.placed(item.id))) return this.draw(known);
    const wait = make("div", "waiting", "", { role: "status", "aria-label": this.data().words.loading });
    for (let i = 0; i < 5; i++) wait.append(make("i"));
    this.#put([this.said(item.text ?? ""), wait]);
    this.timer = setTimeout(() => this.read(item.id), REST);
  }

  async read(id) {
    try {
      const detail = await rows(`/${encodeURIComponent(id)}${this.on.placed(id) ? "?placed" : ""}`);
      this.known.delete(id);
      this.known.set(id, detail);
      if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
      if (this.item.id === id) this.draw(detail);
    } catch (error) {
      if (this.item.id !== id) return;
      if (error.status !== 404) this.fail(id);
      else if (this.on.coming(id)) this.timer = setTimeout(() => this.read(id), AGAIN);
      else this.on.missing(id);
    }
  }

  // Whether it is still there; so it is while nobody can say.
  there(id) {
    return rows(`/${encodeURIComponent(id)}`).then(() => true, (error) => error.status !== 404);
  }

  fail(id) {
    const { words } = this.data();
    const retry = make("button", "", words.retry, { type: "button" });
    retry.onclick = () => this.show(this.item);
    const trouble = make("div", "failed", "", { role: "alert" });
    trouble.append(make("span", "", words.no_details), retry);
    this.#put([this.said(this.item.text ?? ""), trouble, this.actions({ id })]);
  }

  draw(detail) {
    const { words } = this.data();
    this.siblings = detail.siblings;
    this.#put([
      detail.selected && make("p", "selected", words.selected),
      this.said(detail.caption || detail.prompt),
      this.actions(detail),
      facts(detail, this.data()),
      this.prompt(detail),
      ...strips(detail, this.data(), (item) => this.on.show(item)),
      threads(detail, this.data(), (act, about) => this.on.act(act, about)),
    ]);
    this.on.came(detail);
  }

  // Focus stays with what has the same name, once that is drawn again; until then the lightbox has it, for its keys.
  #put(parts) {
    const dialog = this.node.closest("dialog"), focused = this.node.getRootNode().activeElement;
    const mine = this.node.contains(focused);
    if (mine) this.name = focused.dataset.name;
    else if (focused !== dialog) this.name = null; // somebody went elsewhere
    this.node.replaceChildren(...parts.filter(Boolean));
    this.node.scrollTop = 0;
    const same = this.name && this.node.querySelector(`[data-name="${this.name}"]`);
    if (same) same.focus({ preventScroll: true });
    else if (mine) dialog.focus({ preventScroll: true });
  }

  // A long text begins short, so that what can be done is in sight.
  said(text) {
    const { words } = this.data();
    const box = make("div", "telling"), shown = make("p", "said", text);
    const more = make("button", "textual", words.more, { type: "button", "aria-expanded": "false", hidden: "", "data-name": "more" });
    more.onclick = () => {
      const whole = shown.classList.toggle("whole");
      more.textContent = whole ? words.less : words.more;
      more.setAttribute("aria-expanded", String(whole));
    };
    box.append(shown, more);
    requestAnimationFrame(() => (more.hidden = shown.scrollHeight <= shown.clientHeight + 2));
    return box;
  }

  actions(detail) {
    const { words, media } = this.data(), { id, conversation_id: conversation, post_id: post } = detail;
    const box = make("div", "actions");
    const act = (name, sign, kind = "act") => {
      const node = button(kind, sign, words[name], () => this.on.act(name, detail), true);
      node.dataset.name = name;
      box.append(node);
    };
    if (conversation) act("refine", "conversation", "act primary");
    act("create", "create", conversation ? "act wide" : "act primary");
    if (post) act("post", "post");
    const download = link("act", "download", words.download, true);
    download.href = `${media}${id}/download`;
    download.download = "";
    download.dataset.name = "download";
    box.append(download);
    act("similar", "pile");
    box.append(copier("act", "link", words.copy_link, () => `${location.origin}/gallery?view=${id}`, this));
    box.classList.toggle("odd", !post); // or one of the small ones would stand alone
    return box;
  }

  prompt(detail) {
    const { words } = this.data();
    const box = make("details", "prompt"), name = make("summary", "", words.prompt, { "data-name": "prompt" });
    box.open = Boolean(this.opened);
    box.ontoggle = () => (this.opened = box.open); // the next image shows as much
    box.append(name, make("p", "", detail.prompt), copier("textual", "copy", words.copy_prompt, () => detail.prompt, this));
    box.append(parameters(detail, this.data()));
    return box;
  }
}
