// Views: lines under names, one's own and those that colleagues share.

import { button, fill, icon, make } from "./elements.js";

const TWICE = 500; // ms within which systems take a second click for half of a double click
const WRONG = "views-wrong";

export class Views {
  // `on`: { pick(line), act(action) }, which resolves to { error } once it is done or refused; `line()` is what is in effect.
  constructor(data, line, on) {
    Object.assign(this, { data, line, on, open: null, doing: null });
    const { words } = data();
    this.node = make("div", "views");
    this.opener = make("button", "opener", "", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" });
    this.opener.append(icon("view"), make("span", "label", words.find.views), icon("down"));
    this.opener.onclick = () => (this.list.hidden ? this.show() : this.close());
    this.list = make("div", "views-list", "", { role: "dialog", "aria-label": words.find.views, hidden: "" });
    this.node.append(this.opener, this.list);
    this.node.onkeydown = (event) => this.#key(event);
    this.node.onfocusout = ({ relatedTarget }) => {
      if (relatedTarget && !this.node.contains(relatedTarget)) this.close(false);
    };
  }

  show() {
    this.open = null;
    this.draw();
    this.list.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.list.querySelector("button, input")?.focus();
    this.away = new AbortController();
    const outside = (event) => event.composedPath().includes(this.node) || this.close(false);
    document.addEventListener("pointerdown", outside, { capture: true, signal: this.away.signal });
    this.#once();
  }

  // The second click of a double click does nothing, neither here nor with what lay under the list when that is closed.
  #once() {
    const twice = new AbortController(), { signal } = this.away;
    const second = (event) => event.detail > 1 && (event.preventDefault(), event.stopImmediatePropagation());
    document.addEventListener("click", second, { capture: true, signal: twice.signal });
    signal.addEventListener("abort", () => setTimeout(() => twice.abort(), TWICE));
  }

  close(back = true) {
    if (this.list.hidden) return;
    this.doing = null;
    this.away.abort();
    this.list.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    if (back) this.opener.focus();
  }

  // There may be other views now, or another line is in effect.
  refresh() {
    const { views, words } = this.data();
    const current = views.find(({ line }) => line === this.line());
    this.opener.querySelector(".label").textContent = current?.name ?? words.find.views;
    this.opener.classList.toggle("on", Boolean(current));
    const asking = this.list.querySelector("form, .sure"); // somebody writes a name, or is asked whether they are sure
    if (!this.list.hidden && !asking) this.draw();
  }

  draw() {
    const { views, words } = this.data(), held = this.list.getRootNode().activeElement?.dataset?.view;
    const own = views.filter(({ owner }) => !owner), team = views.filter(({ owner }) => owner);
    const parts = [];
    if (own.length) parts.push(make("h3", "", words.find.own_views), ...own.map((view) => this.#row(view)));
    if (team.length) parts.push(make("h3", "", words.find.team_views), ...team.map((view) => this.#row(view)));
    if (!views.length) parts.push(make("p", "hint", words.find.no_views));
    this.list.replaceChildren(...parts, this.#foot());
    if (held) this.#focus(held);
  }

  #focus(name) {
    this.list.querySelector(`[data-view="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  }

  #row(view) {
    const { words } = this.data(), row = make("div", "view");
    const pick = make("button", "pick-view", "", { type: "button", "data-view": `pick-${view.id}` });
    if (view.line === this.line()) pick.setAttribute("aria-current", "true");
    const name = make("span", "name", view.name);
    if (view.shared && !view.owner) name.append(Object.assign(icon("team"), { title: words.find.shared }));
    pick.append(name, make("span", "line", view.owner ? `${view.owner} · ${view.line}` : view.line));
    pick.onclick = () => (this.close(), this.on.pick(view.line));
    row.append(pick);
    if (view.owner) return row;
    row.append(this.#more(view));
    if (this.open === view.id) row.append(this.#acts(view));
    return row;
  }

  #more(view) {
    const { words } = this.data();
    const more = button("quiet", "more", fill(words.find.view_more, { name: view.name }), () => {
      this.open = this.open === view.id ? null : view.id;
      this.draw();
      this.#focus(view.id);
    });
    more.setAttribute("aria-expanded", this.open === view.id);
    more.dataset.view = view.id;
    return more;
  }

  #acts(view) {
    const { words } = this.data(), acts = make("div", "acts-view"), line = this.line();
    const act = (label, then) => {
      const node = make("button", "", label, { type: "button", "data-view": `${label}-${view.id}` });
      node.onclick = then;
      acts.append(node);
    };
    act(words.find.rename, () => acts.replaceWith(this.#form(words.find.rename, view.name, (name) => this.#do({ act: "view.rename", id: view.id, name }))));
    act(view.shared ? words.find.unshare : words.find.share, () => this.#do({ act: "view.share", id: view.id, on: !view.shared }));
    if (line && line !== view.line) act(words.find.change, () => this.#do({ act: "view.change", id: view.id, line }));
    act(words.find.remove_view, () => acts.replaceWith(this.#sure(view)));
    return acts;
  }

  #sure(view) {
    const { words } = this.data(), sure = make("div", "sure", "", { role: "group" });
    const yes = make("button", "danger", words.find.remove_yes, { type: "button" }), no = make("button", "", words.find.remove_no, { type: "button" });
    yes.onclick = () => this.#do({ act: "view.remove", id: view.id });
    no.onclick = () => (this.draw(), this.#focus(view.id));
    sure.append(make("p", "", fill(words.find.remove_sure, { name: view.name })), yes, no);
    setTimeout(() => no.focus());
    return sure;
  }

  #foot() {
    const { words, views } = this.data(), foot = make("div", "foot"), line = this.line();
    if (!line) return make("p", "hint", words.find.save_hint);
    if (views.some((view) => view.line === line && !view.owner)) return foot;
    const save = button("save", "view", words.find.save, () => {
      foot.replaceChildren(this.#form(words.find.save, "", (name) => this.#do({ act: "view.save", name, line })));
    }, true);
    save.dataset.view = "save";
    foot.append(save);
    return foot;
  }

  #form(label, value, then) {
    const { words } = this.data(), form = make("form", "name-form");
    const name = make("input", "", "", { type: "text", "aria-label": words.find.name, placeholder: words.find.name, maxlength: 80, required: "", "aria-describedby": WRONG });
    name.value = value;
    form.append(name, make("button", "strong", label, { type: "submit" }));
    form.onsubmit = (event) => (event.preventDefault(), name.value.trim() && then(name.value.trim()));
    setTimeout(() => name.select());
    return form;
  }

  // Everything stays as it is until it is done: what was refused is told where it was asked for.
  async #do(action) {
    if (this.doing) return;
    const doing = (this.doing = {});
    this.#tell("");
    const { error } = (await this.on.act(action)) ?? {};
    const closed = this.doing !== doing;
    if (!closed) this.doing = null;
    if (error && this.list.hidden) this.show();
    if (error) return this.#tell(error);
    if (closed) return;
    this.open = null;
    this.close();
  }

  #tell(error) {
    const name = this.list.querySelector(".name-form input");
    this.list.querySelector(".wrong")?.remove();
    name?.removeAttribute("aria-invalid");
    if (!error) return;
    (name?.form ?? this.list).append(make("p", "wrong", error, { role: "alert", id: WRONG }));
    name?.setAttribute("aria-invalid", "true");
    name?.select();
  }

  #key(event) {
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.key !== "Escape" || this.list.hidden) return;
    event.preventDefault();
    this.close();
  }
}
