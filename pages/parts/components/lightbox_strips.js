// Other images that lead to themselves: of the same post, what this one came from, what was derived from it.

import { fill, make } from "./elements.js";

// `go(item)` shows another one.
export function strips(detail, data, go) {
  const { words, locale } = data;
  const own = { ...detail, current: true };
  const chain = [...detail.ancestors, own];
  const more = detail.derived_total - detail.derived.length;
  return [
    detail.siblings.length > 1 && strip("siblings", detail.post_id ? words.siblings : words.turn_siblings,
      detail.siblings.map((one) => ({ ...one, current: one.id === detail.id })), data, go, true),
    detail.ancestors.length > 0 && strip("lineage", words.lineage, chain, data, go),
    detail.derived.length > 0 && strip("derived", words.derived, detail.derived, data, go, false, more > 0 && fill(words.more_derived, { n: more }, locale)),
  ];
}

function strip(name, heading, images, data, go, numbered = false, more = "") {
  const box = make("div", "others"), line = make("div", `strip ${name}`, "", { role: "group", "aria-label": heading });
  images.forEach((image, at) => line.append(thumb(image, at, `${name}-${at}`, data, go, numbered)));
  box.append(make("h2", "", heading), line);
  if (more) box.append(make("p", "more", more));
  requestAnimationFrame(() => line.querySelector("[aria-current]") && name === "lineage" && (line.scrollLeft = line.scrollWidth));
  return box;
}

function thumb(image, at, name, { words, media, locale }, go, numbered) {
  const open = !image.trashed && image.model !== null; // uploads and the trash have no place among the images
  const model = image.model ?? words.uploaded;
  const about = image.trashed ? fill(words.trashed_one, { model }, locale) : image.current ? words.this : model;
  const node = make(open ? "button" : "span", "thumb", "", { title: about, "data-name": name });
  const label = fill(words.nth, { n: at + 1, model: about }, locale);
  if (open) node.type = "button";
  else node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  if (image.current) node.setAttribute("aria-current", "true");
  node.classList.toggle("trashed", image.trashed === true);
  node.style.backgroundImage = `url("${image.placeholder}")`;
  const picture = make("img", "", "", { src: `${media}${image.id}/256`, alt: "", width: 66, height: 66, loading: "lazy", draggable: "false" });
  picture.onerror = () => picture.remove(); // its placeholder stays
  node.append(picture);
  if (numbered && at < 9) node.append(make("i", "", String(at + 1), { "aria-hidden": "true" }));
  if (open) node.onclick = () => image.current || go(image);
  return node;
}
