// What is known of an image, and what can be done with it.

import { button, bytes, link, make, moment, money, rows, seconds } from "./elements.js";

const REST = 120; // ms that an image stays before its details are asked for
const KEPT = 60; // details that are remembered

export class Panel {
  constructor(data, on) {
    this.data = data;
    this.on = on;
    this.known = new Map();
    this.siblings = [];
    this.node = make("aside", "panel");
  }

  show(item) {
    const { words } = this.data();
    this.item = item;
    this.siblings = [];
    clearTimeout(this.timer);
    const known = this.known.get(item.id);
    if (known) return this.draw(known);
    const wait = make("div", "waiting", "", { role: "status", "aria-label": words.loading });
    for (let i = 0; i < 5; i++) wait.append(make("i"));
    this.node.replaceChildren(make("p", "said", item.text ?? ""), wait);
    this.timer = setTimeout(() => this.read(item.id), REST);
  }

  async read(id) {
    try {
      const detail = await rows(`/${encodeURIComponent(id)}?placed`);
      this.known.set(id, detail);
      if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
      if (this.item.id === id) this.draw(detail);
    } catch (error) {
      if (error.status === 404) this.on.missing(id);
      else if (this.item.id === id) this.fail(id);
    }
  }

  fail(id) {
    const { words } = this.data();
    const retry = make("button", "", words.retry, { type: "button" });
    retry.onclick = () => this.show(this.item);
    const trouble = make("div", "failed", "", { role: "alert" });
    trouble.append(make("span", "", words.no_details), retry);
    this.node.replaceChildren(make("p", "said", this.item.text ?? ""), trouble, this.actions({ id }));
  }

  draw(detail) {
    this.siblings = detail.siblings;
    this.node.replaceChildren(...[
      make("p", "said", detail.caption || detail.prompt),
      detail.caption && this.prompt(detail),
      this.actions(detail),
      this.facts(detail),
      this.strip("siblings", detail.siblings.length > 1 ? detail.siblings : [], detail.id),
      this.strip("parent", detail.ancestors.filter(({ model, trashed }) => model && !trashed).slice(-1)),
    ].filter(Boolean));
    this.node.scrollTop = 0;
    this.on.came(detail);
  }

  prompt(detail) {
    const box = make("details", "prompt");
    box.append(make("summary", "", this.data().words.prompt), make("p", "", detail.prompt));
    return box;
  }

  actions(detail) {
    const { words, media } = this.data();
    const bar = make("div", "actions");
    const download = link("act", "download", words.download, true);
    download.href = `${media}${detail.id}/download`;
    download.download = "";
    bar.append(button("act primary", "create", words.create, () => this.on.act("create", detail), true));
    if (detail.conversation_id)
      bar.append(button("act", "conversation", words.conversation, () => this.on.act("open", detail), true));
    if (detail.post_id) bar.append(button("act", "post", words.post, () => this.on.act("post", detail), true));
    if (detail.conversation_id) bar.append(button("act", "find", words.used, () => this.on.act("used", detail), true));
    bar.append(download);
    return bar;
  }

  facts(detail) {
    const { words, locale } = this.data();
    const list = make("dl", "facts");
    const say = (name, value, title = "") => {
      if (!value) return;
      const told = make("dd", "", value);
      if (title) told.title = title;
      list.append(make("dt", "", words[name]), told);
    };
    say("model", detail.model);
    say("conversation_title", detail.title);
    say("size", `${detail.width} × ${detail.height} · ${bytes(detail.size, locale)} · ${kind(detail.mime)}`);
    say("cost", this.cost(detail));
    say("duration", detail.duration_ms === null ? "" : seconds(detail.duration_ms, locale));
    say("date", moment(detail.created_at, locale));
    say("seed", detail.seed);
    say("left_out", detail.left_out.join("\n"));
    return list;
  }

  cost({ practice, cost, cost_basis }) {
    const { words, locale } = this.data();
    if (practice) return words.practice_free;
    if (cost === null) return words.cost_unknown;
    return `${money(cost, locale)}, ${words[`basis_${cost_basis}`] ?? words.basis_unknown}`;
  }

  // Other images that lead to themselves, under a heading.
  strip(heading, images, current) {
    if (!images.length) return null;
    const { words, media } = this.data();
    const box = make("div", "others"), strip = make("div", "strip");
    for (const [i, image] of images.entries()) {
      const label = images.length > 1 ? `${words.sibling} ${i + 1}: ${image.model}` : `${words[heading]}: ${image.model}`;
      const one = make("button", "", "", { type: "button", title: image.model, "aria-label": label });
      if (image.id === current) one.setAttribute("aria-current", "true");
      one.style.backgroundImage = `url("${image.placeholder}")`;
      one.append(make("img", "", "", { src: `${media}${image.id}/256`, alt: "", width: 72, height: 72 }));
      one.onclick = () => this.on.show(image);
      strip.append(one);
    }
    box.append(make("h2", "", words[heading]), strip);
    return box;
  }
}

const kind = (mime) => mime.replace("image/", "").replace("jpeg", "jpg").toUpperCase();
