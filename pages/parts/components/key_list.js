// A list of keys and what they do, as "?" shows it.

import { make } from "./elements.js";

// `lines`: [[the keys, "…" for those between two], what they do].
export function keyList(lines) {
  const list = make("dl");
  for (const [keys, meaning] of lines) {
    const name = make("dt");
    for (const key of keys) name.append(key === "…" ? make("span", "", key) : make("kbd", "", key));
    list.append(name, make("dd", "", meaning));
  }
  return list;
}
