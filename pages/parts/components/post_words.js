// The words of a post: caption and hashtags, and what each platform gets, counted while somebody writes.
// Streamlit hears `wishes` (save, cancel, retry; see wishes.js) and `news` when what was under way has ended.
// What is not saved yet stays in this tab, also through a reload.

import { fill, make } from "./elements.js";
import { composed, hashtag, hashtags, length, points } from "./post_count.js";
import { copy } from "./post_copy.js";
import { Chips } from "./post_chips.js";
import { Watch } from "./post_watch.js";
import { clashes, copyOf, followed, forget, kept, others, said, same, store } from "./post_draft.js";
import { Notice } from "./post_notice.js";
import { button } from "./post_pieces.js";
import { Wishes } from "./wishes.js";

const POST = ""; // the tab of the post itself
const screens = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const words = screens.get(parentElement) ?? new Words(component);
  screens.set(parentElement, words);
  words.update(component);
  return () => {
    screens.delete(parentElement);
    words.leave();
  };
}

class Words {
  constructor({ parentElement, data }) {
    this.node = make("div", "words");
    parentElement.append(this.node);
    this.wishes = new Wishes();
    this.watch = new Watch();
    this.tab = POST;
    this.base = said(data);
    this.draft = kept(data) ?? said(data);
    this.conflict = this.draft.version !== data.version;
    this.data = data;
    this.build();
  }

  update(component) {
    const { data } = component;
    this.data = data;
    this.watch.follow(data.conversation, data.watch, () => component.setTriggerValue("news", Date.now()));
    for (const { wish, error } of this.wishes.heard(component)) this.answered(wish, error);
    this.adopt(said(data));
    this.draw();
  }

  leave() {
    this.watch.leave();
    this.node.remove();
  }

  // What is there now. Words that nobody changed here follow it; words that somebody did are never overwritten.
  adopt(now) {
    if (same(now, this.base) && now.version === this.base.version) return;
    if (same(this.draft, this.base) || same(this.draft, now)) this.draft = copyOf(now);
    else {
      this.draft.own = followed(this.draft, this.base, now);
      if (clashes(this.draft, this.base, now)) this.conflict = true;
    }
    this.base = now;
    this.fields();
  }

  answered(wish, error) {
    if (wish !== this.saving) return;
    this.saving = null;
    this.error = error;
    if (!error) {
      this.base = { ...copyOf(this.sent), version: this.data.version };
      this.say(this.data.words.saved);
    }
  }

  save() {
    if (this.saving || !this.changed()) return;
    const { draft, base } = this;
    const own = Object.fromEntries(this.data.platforms.map(({ name }) => [name, draft.own[name] ?? ""])
      .filter(([name, text]) => text !== (base.own[name] ?? "")));
    this.error = null;
    this.conflict = false;
    this.sent = copyOf(draft);
    const words = draft.caption !== base.caption || `${draft.tags}` !== `${base.tags}`;
    this.saving = this.wishes.tell("save", { version: base.version, words, caption: draft.caption, hashtags: draft.tags, own });
    this.draw();
  }

  discard() {
    this.draft = copyOf(this.base);
    this.conflict = false;
    this.error = null;
    this.fields();
    this.draw();
    this.area.focus();
  }

  changed() {
    return !same(this.draft, this.base);
  }

  // ---- the page ----

  build() {
    const { words, platforms } = this.data;
    this.tabs = make("div", "tabs", "", { role: "tablist", "aria-label": words.tabs });
    for (const { name, label } of [{ name: POST, label: words.post }, ...platforms]) this.tabs.append(this.tabOf(name, label));
    this.tabs.onkeydown = (event) => this.walk(event);
    this.panel = make("div", "panel", "", { role: "tabpanel", id: "panel" });
    this.notice = new Notice((act, id) => this.wishes.tell(act, { id }));
    this.area = make("textarea", "", "", { id: "text", spellcheck: "true" });
    this.area.oninput = () => this.wrote();
    this.label = make("label", "", words.caption, { for: "text" });
    this.chips = new Chips(words, (tags) => this.tagged(tags));
    this.meter = make("p", "meter", "", { id: "meter" });
    this.area.setAttribute("aria-describedby", "meter");
    this.warned = make("ul", "warned");
    this.own = make("p", "own");
    this.panel.append(this.notice.node, this.label, this.area, this.own, this.chips.node, this.meter, this.warned);
    this.foot = this.footer(words);
    this.told = make("p", "told", "", { role: "status" });
    this.trouble = make("div", "trouble", "", { role: "alert" });
    this.node.append(this.tabs, this.panel, this.foot, this.trouble, this.told);
    this.node.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save();
    };
    this.fields();
  }

  tabOf(name, label) {
    const tab = make("button", "tab", "", { type: "button", role: "tab", "aria-controls": "panel", id: `tab-${name || "post"}` });
    tab.append(make("span", "", label), make("i", "dot"));
    tab.dataset.name = name;
    tab.onclick = () => this.show(name);
    return tab;
  }

  footer(words) {
    const foot = make("div", "foot");
    this.copy = button("plain copy", words.copy, () => this.copied(), "copy");
    this.drop = button("quiet", words.discard, () => this.discard());
    this.keep = button("primary", words.save, () => this.save());
    foot.append(this.copy, make("span", "gap"), this.drop, this.keep);
    return foot;
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tabs = [...this.tabs.children], at = tabs.findIndex(({ dataset }) => dataset.name === this.tab);
    const next = event.key === "Home" ? tabs[0] : event.key === "End" ? tabs.at(-1) : step && tabs.at((at + step) % tabs.length);
    if (!next) return;
    event.preventDefault();
    this.show(next.dataset.name);
    next.focus();
  }

  show(name) {
    this.tab = name;
    this.fields();
    this.draw();
  }

  get platform() {
    return this.data.platforms.find(({ name }) => name === this.tab);
  }

  // The text that is published in this tab.
  text(platform = this.platform) {
    if (!platform) return composed({ hashtags: null }, this.draft.caption, this.draft.tags);
    return this.draft.own[platform.name] || composed(platform, this.draft.caption, this.draft.tags);
  }

  wrote() {
    if (this.tab === POST) this.draft.caption = this.area.value;
    else {
      const { [this.tab]: _, ...others } = this.draft.own;
      const plain = composed(this.platform, this.draft.caption, this.draft.tags);
      this.draft.own = this.area.value.trim() && this.area.value !== plain ? { ...others, [this.tab]: this.area.value } : others;
    }
    this.draw();
  }

  tagged(tags) {
    this.draft.tags = [...new Set(tags.map(hashtag).filter(Boolean))];
    this.chips.draw(this.draft.tags);
    this.draw();
  }

  async copied() {
    const done = await copy(this.text(), this.node);
    this.say(done ? this.data.words.copied : this.data.words.notCopied);
    this.copy.classList.toggle("done", done);
    setTimeout(() => this.copy.classList.remove("done"), 1_600);
  }

  say(text) {
    this.told.textContent = "";
    requestAnimationFrame(() => (this.told.textContent = text));
  }

  // ---- drawing: fields only when they are other ones, the rest with every key ----

  fields() {
    const { platform } = this, { words } = this.data;
    this.label.textContent = platform ? fill(words.textFor, { platform: platform.label }) : words.caption;
    this.area.value = platform ? this.text() : this.draft.caption;
    this.chips.node.hidden = Boolean(platform);
    this.chips.draw(this.draft.tags);
  }

  draw() {
    if (this.changed()) store(this.data, { ...this.draft, version: this.base.version });
    else forget(this.data);
    for (const tab of this.tabs.children) this.drawTab(tab);
    this.panel.setAttribute("aria-labelledby", `tab-${this.tab || "post"}`);
    this.area.placeholder = this.data.writing ? this.data.words.appears : this.data.words.write;
    this.notice.draw(this.data);
    this.drawOwn();
    this.drawMeter();
    this.drawFoot();
  }

  drawTab(tab) {
    const platform = this.data.platforms.find(({ name }) => name === tab.dataset.name);
    const current = tab.dataset.name === this.tab;
    tab.setAttribute("aria-selected", current);
    tab.tabIndex = current ? 0 : -1;
    const wrong = platform && this.wrong(platform).length > 0;
    tab.classList.toggle("wrong", Boolean(wrong));
    tab.classList.toggle("own", Boolean(platform && this.draft.own[platform.name]));
    tab.lastChild.textContent = wrong ? "!" : "";
    if (wrong) tab.setAttribute("aria-label", fill(this.data.words.tabWrong, { platform: platform.label }));
    else tab.removeAttribute("aria-label");
  }

  wrong(platform) {
    const { words, locale } = this.data;
    const text = this.text(platform), found = length(platform, text), tags = hashtags(text);
    const values = { platform: platform.label, most: platform.longest, n: found, over: found - platform.longest };
    const said = [];
    if (found > platform.longest) said.push(fill(words.tooLong, values, locale));
    if (platform.hashtags !== null && tags > platform.hashtags)
      said.push(fill(words.tooMany, { ...values, most: platform.hashtags, n: tags }, locale));
    return said;
  }

  drawOwn() {
    const { platform } = this, { words } = this.data;
    if (!platform) return this.own.replaceChildren();
    const mine = this.draft.own[platform.name];
    const dropped = platform.hashtags !== null ? Math.max(0, this.draft.tags.length - platform.hashtags) : 0;
    const note = dropped ? ` ${fill(words.dropped, { n: this.draft.tags.length - dropped, all: this.draft.tags.length })}` : "";
    const nodes = [make("span", "", mine ? fill(words.ownText, { platform: platform.label }) : words.fromPost + note)];
    if (mine) nodes.push(button("textual", words.usePost, () => {
      delete this.draft.own[platform.name];
      this.fields();
      this.draw();
      this.area.focus();
    }));
    this.own.replaceChildren(...nodes);
  }

  drawMeter() {
    const { platform } = this, { words, locale, platforms } = this.data;
    const text = this.text(), bad = platform ? this.wrong(platform) : platforms.flatMap((other) => this.wrong(other));
    const found = platform ? length(platform, text) : points(this.draft.caption);
    this.meter.textContent = platform
      ? fill(words.of, { n: found, most: platform.longest }, locale)
      : fill(words.characters, { n: found }, locale);
    this.meter.classList.toggle("over", Boolean(platform && found > platform.longest));
    const shown = platform || this.draft.caption || this.draft.tags.length ? bad : [];
    if (`${shown}` !== this.shown) this.warned.replaceChildren(...shown.map((line) => make("li", "", line)));
    this.shown = `${shown}`;
  }

  drawFoot() {
    const { words } = this.data, changed = this.changed();
    this.keep.disabled = !changed || Boolean(this.saving);
    this.keep.lastChild.textContent = this.saving ? words.saving : changed || !this.base.caption ? words.save : words.isSaved;
    this.drop.hidden = !changed || Boolean(this.saving);
    this.copy.disabled = !this.text();
    const nodes = this.error ? [make("p", "", this.error)] : [];
    if (this.conflict && changed) nodes.push(make("p", "", words.conflict), ...others(this.draft, this.base).map((text) => make("blockquote", "", text)), button("textual", words.takeTheirs, () => this.discard()));
    const looks = `${this.error}${this.conflict}${changed}${others(this.draft, this.base)}`;
    if (looks !== this.looks) this.trouble.replaceChildren(...nodes);
    this.looks = looks;
  }
}
