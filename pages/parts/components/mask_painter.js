// The painter: the image as large as the window allows, tools above it, what is painted in words below it.

import { fill, make } from "./elements.js";
import { icon } from "./mask_icons.js";
import { Sheet } from "./mask_sheet.js";

const TOOLS = { brush: "B", erase: "E", box: "R" };
const SIZES = 100; // steps of the slider

export class Painter {
  // `finish` keeps the mask and resolves, or throws an Error with a sentence; `closed` is called at the end.
  constructor(root, data, strokes, brush, { finish, closed }) {
    Object.assign(this, { data, strokes, brush, finish, closed });
    const { words, source } = data;
    const short = Math.min(source.width, source.height);
    this.least = Math.max(1, short / 200);
    this.most = Math.max(2, short / 2);
    brush.size ||= this.sized(60);
    this.sheet = new Sheet(data, strokes, brush, (what) => this.heard(what));
    this.stage = make("div", "stage");
    this.stage.append(this.sheet.node);
    this.dialog = make("dialog", "painter", "", { "aria-label": words.title });
    this.dialog.append(this.head(), this.bar(), this.stage, this.foot());
    this.dialog.oncancel = (event) => (event.preventDefault(), this.close());
    this.dialog.onkeydown = (event) => this.key(event);
    root.append(this.dialog);
    this.dialog.showModal();
    this.sheet.fit();
    this.sheet.canvas.focus();
    this.refresh();
  }

  close() {
    if (this.busy) return;
    this.leave();
    this.closed();
  }

  leave() {
    clearTimeout(this.later);
    this.sheet.leave();
    this.dialog.close();
    this.dialog.remove();
  }

  // ---- parts ----

  head() {
    const { words } = this.data;
    const head = make("header", "head");
    this.cancel = make("button", "plain", words.cancel, { type: "button" });
    this.cancel.onclick = () => this.close();
    this.done = make("button", "primary", words.done, { type: "button" });
    this.done.onclick = () => this.save();
    head.append(make("h2", "", words.title), this.cancel, this.done);
    return head;
  }

  bar() {
    const { words } = this.data;
    const bar = make("div", "tools", "", { role: "toolbar", "aria-label": words.tools });
    this.tools = Object.keys(TOOLS).map((name) => this.tool(name, () => this.take(name), TOOLS[name]));
    this.undo = this.tool("undo", () => this.change("undo"), "Control+Z");
    this.redo = this.tool("redo", () => this.change("redo"), "Control+Shift+Z");
    this.invert = this.tool("invert", () => this.change("invert"));
    this.clear = this.tool("clear", () => this.change("clear"));
    bar.append(group(...this.tools), this.sizer(), group(this.undo, this.redo), group(this.invert, this.clear));
    return bar;
  }

  tool(name, onclick, keys = "") {
    const label = this.data.words[name];
    const button = make("button", "tool", "", { type: "button", "data-tool": name, "aria-label": label });
    if (keys) button.setAttribute("aria-keyshortcuts", keys);
    button.title = keys.length === 1 ? `${label} (${keys})` : label;
    button.append(icon(name), make("span", "name", label));
    button.onclick = onclick;
    return button;
  }

  sizer() {
    const { words } = this.data;
    const label = make("label", "size");
    this.slider = make("input", "", "", { type: "range", min: "0", max: `${SIZES}`, step: "1", title: words.size_keys });
    this.slider.oninput = () => this.size(Number(this.slider.value));
    this.dot = make("i", "dot");
    label.append(make("span", "", words.size), this.slider, this.dot);
    return label;
  }

  foot() {
    const { words } = this.data;
    const foot = make("footer", "foot");
    this.status = make("p", "status", "", { role: "status" });
    this.said = make("p", "said", "", { "aria-live": "polite" });
    this.trouble = make("p", "trouble", "", { role: "alert" });
    foot.append(this.status, this.trouble, make("p", "help", words.help, { id: "help" }), this.said);
    return foot;
  }

  // ---- what a person does ----

  take(name) {
    if (this.sheet.stroke) this.sheet.give();
    this.brush.tool = name;
    this.refresh();
    this.say(this.data.words[name]);
  }

  size(step) {
    this.brush.size = this.sized(step);
    this.refresh();
    this.say(this.slider.getAttribute("aria-valuetext"));
  }

  // Evenly to the eye: each step makes the brush larger by the same part.
  sized(step) {
    const within = Math.min(SIZES, Math.max(0, step));
    return Math.round(10 * this.least * (this.most / this.least) ** (within / SIZES)) / 10;
  }

  step() {
    return Math.round((SIZES * Math.log(this.brush.size / this.least)) / Math.log(this.most / this.least));
  }

  change(how) {
    if (this.sheet.stroke) return;
    if (how === "undo" || how === "redo") this.strokes[how]();
    else this.strokes.add({ kind: how });
    this.sheet.draw();
    this.heard("painted");
  }

  key(event) {
    event.stopPropagation(); // the page behind has keys of its own
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return this.command(event, key);
    if (event.altKey) return;
    const tool = Object.keys(TOOLS).find((name) => TOOLS[name].toLowerCase() === key);
    if (tool) this.take(tool);
    else if (key === "[" || key === "]") this.size(this.step() + (key === "[" ? -5 : 5));
  }

  command(event, key) {
    const how = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
    if (key === "enter") this.save();
    if (how) this.change(how);
    if (how || key === "enter") event.preventDefault();
  }

  async save() {
    if (this.busy) return;
    this.work(true);
    this.trouble.textContent = "";
    try {
      await this.finish();
      this.busy = false;
      this.close();
    } catch (error) {
      this.trouble.textContent = error.message;
      this.work(false);
    }
  }

  work(busy) {
    this.busy = busy;
    this.done.disabled = this.cancel.disabled = busy;
    this.done.textContent = this.data.words[busy ? "keeping" : "done"];
  }

  // ---- what is said of it ----

  heard(what) {
    const { words, locale, source } = this.data;
    if (what === "painted") return this.refresh();
    if (what === "unseen") return (this.trouble.textContent = words.unseen);
    const { x, y } = this.sheet.cursor;
    this.say(fill(words.place, { x: Math.round((100 * x) / source.width), y: Math.round((100 * y) / source.height) }, locale));
  }

  // Only where somebody stays is worth saying.
  say(text) {
    clearTimeout(this.later);
    this.later = setTimeout(() => (this.said.textContent = text), 300);
  }

  refresh() {
    const { words, locale } = this.data;
    for (const tool of this.tools) tool.setAttribute("aria-pressed", `${tool.dataset.tool === this.brush.tool}`);
    this.slider.value = this.step();
    this.slider.setAttribute("aria-valuetext", fill(words.pixels, { n: Math.round(this.brush.size) }, locale));
    this.dot.style.setProperty("--part", this.slider.value / SIZES);
    this.undo.disabled = !this.strokes.done.length;
    this.redo.disabled = !this.strokes.undone.length;
    this.status.textContent = painted(words, this.sheet.share(), locale);
    this.clear.disabled = this.status.textContent === words.nothing;
    // A button that was pressed for the last time would take the keyboard with it.
    if (this.dialog.getRootNode().activeElement?.disabled) this.sheet.canvas.focus({ preventScroll: true });
    this.sheet.point();
  }
}

// "12 % of the image is painted"
export function painted(words, share, locale) {
  if (!share) return words.nothing;
  const percent = Math.round(share * 100);
  if (!percent) return words.little;
  return fill(words.painted, { n: share < 1 ? Math.min(99, percent) : 100 }, locale);
}

function group(...nodes) {
  const node = make("div", "group");
  node.append(...nodes);
  return node;
}
