// The bar at the foot of the window while images are picked: how many there are, and what can be done with them.

import { button, count, icon, make } from "./elements.js";

const HIGH = 11_000; // ms that the bar makes room for another below it: as long as undo_bar.js offers to take back, and a bit

export class Acts {
  // `on`: { act(name, more), none() }
  constructor(root, data, on) {
    Object.assign(this, { data, on });
    this.bar = make("div", "picked", "", { role: "toolbar", "aria-label": data().words.picked_bar, hidden: "" });
    this.told = make("span", "told", "", { role: "status" });
    root.append(this.bar);
    this.#build();
    this.bar.onkeydown = (event) => this.#key(event);
  }

  get focused() {
    return this.bar.contains(this.bar.getRootNode().activeElement);
  }

  // What takes back what was done stands where this bar stands.
  rise() {
    this.bar.classList.add("high");
    clearTimeout(this.falling);
    this.falling = setTimeout(() => this.bar.classList.remove("high"), HIGH);
  }

  leave() {
    clearTimeout(this.falling);
  }

  // `starred`: whether all that are picked have a star already, so that the next press takes it away.
  show(n, starred) {
    const { words, locale } = this.data();
    this.bar.hidden = n === 0;
    this.told.textContent = n ? count(words, "picked", n, locale) : "";
    this.starred = starred;
    const star = this.bar.querySelector("[data-act=star]");
    star?.setAttribute("aria-pressed", starred);
    star?.replaceChildren(icon(starred ? "starred" : "star"), make("span", "label", starred ? words.unstar : this.#label("star")));
    this.#close();
  }

  #build() {
    const { acts, words } = this.data();
    this.bar.append(this.told);
    for (const { act, icon: drawn, label, tone } of acts.filter((act) => act.many)) {
      const node = make("button", tone ?? "", "", { type: "button", "data-act": act, title: label, "aria-label": label });
      node.append(icon(drawn), make("span", "label", label));
      node.onclick = () => (act === "project" ? this.#projects(node) : this.on.act(act));
      this.bar.append(node);
    }
    this.bar.append(button("none", "close", words.pick_none, () => this.on.none()));
  }

  #label(act) {
    return this.data().acts.find((one) => one.act === act).label;
  }

  // The person's projects, and a place to begin one.
  #projects(opener) {
    if (this.#close(opener)) return;
    const { words, projects } = this.data();
    this.menu = make("form", "projects", "", { "aria-label": words.project });
    this.opener = opener;
    opener.setAttribute("aria-expanded", "true");
    const list = make("div", "list");
    const put = (where) => (this.#close(opener), this.on.act("project", where)); // the images stay picked
    for (const { id, title } of [...projects, { id: "", title: words.no_project }]) {
      const one = make("button", id ? "" : "quiet", title, { type: "button" });
      one.onclick = () => put({ project: id });
      list.append(one);
    }
    const title = make("input", "", "", { placeholder: words.new_project, "aria-label": words.new_project, maxlength: 120, required: "" });
    const begin = make("button", "begin", words.begin_project, { type: "submit" });
    const foot = make("div", "foot");
    foot.append(title, begin);
    this.menu.append(list, foot);
    this.menu.onsubmit = (event) => (event.preventDefault(), put({ title: title.value }));
    this.bar.append(this.menu);
    (projects.length ? list.firstElementChild : title).focus();
  }

  // True when it was open.
  #close(back) {
    if (!this.menu) return false;
    this.menu.remove();
    this.menu = null;
    this.opener.removeAttribute("aria-expanded");
    back?.focus();
    return true;
  }

  #key(event) {
    event.stopPropagation(); // Streamlit has one-letter keys of its own
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (!this.#close(this.opener)) this.on.none();
  }
}
