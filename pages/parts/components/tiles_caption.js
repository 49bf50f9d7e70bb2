// The caption of a first turn, above its tiles: it comes first and is read while images are still on their way.

import { make } from "./elements.js";
import { unfinished } from "./tiles_live.js";

const COPIED_MS = 2_000;

// Words that are there are shown, whoever wrote them and whatever became of the model that should.
// `wish(generation, act)` asks for it again. Drawn anew only when something about it changed, so that a selection stays.
export function drawCaption(turn, wish) {
  const { data, parts } = turn;
  const known = data.caption && turn.thread.generations.get(data.caption.id);
  const wished = known && turn.wishes.get(known.id)?.act;
  const text = JSON.stringify([known?.status, known?.kind, known?.error, known?.post, known?.round, wished]);
  if (turn.captionText === text) return;
  turn.captionText = text;
  parts.caption.hidden = !known;
  if (!known) return;
  const working = unfinished(known) || wished === "retry";
  parts.caption.setAttribute("aria-busy", String(working));
  parts.caption.replaceChildren(...(working ? writing(data) : known.post?.caption ? written(known, data) : none(known, data, wish)));
}

function writing({ words }) {
  return [make("p", "quiet", words.writingCaption), make("span", "bone"), make("span", "bone short")];
}

function written({ post, practice, sample }, data) {
  const tags = post.hashtags.map((tag) => `#${tag}`).join(" ");
  const text = make("p", "words", post.caption);
  const foot = make("div", "doing");
  foot.append(copy([post.caption, tags].filter(Boolean).join("\n\n"), data.words));
  foot.append(toPost(post, data.words));
  if (practice || sample) foot.append(make("span", "practice", data.words.practice));
  return tags ? [text, make("p", "tags", tags), foot] : [text, foot];
}

function none(known, data, wish) {
  const { words } = data;
  const unknown = known.status === "failed" && known.kind === "unknown" && !known.practice;
  const foot = make("div", "doing");
  if (known.post?.edited) foot.append(toPost(known.post, words));
  else if (!known.sample) {
    const again = make("button", "quiet-button", unknown ? words.retryUnknown : words.retry, { type: "button" });
    again.onclick = () => wish(known, "retry");
    foot.append(again);
  }
  const emptied = known.status === "succeeded"; // by a person, later
  const said = emptied ? "" : known.status === "canceled" ? words.captionCanceled : known.error || words.captionFailed;
  return [make("p", "quiet", `${words.noCaption} ${said}`), foot];
}

function toPost(post, words) {
  return make("a", "to-post", words.openPost, { href: `/post?id=${encodeURIComponent(post.id)}`, target: "_self" });
}

function copy(text, words) {
  const button = make("button", "quiet-button", words.copyCaption, { type: "button" });
  const said = make("span", "unseen", "", { role: "status" });
  button.onclick = async () => {
    const done = await copied(text, button);
    button.textContent = done ? words.copied : words.notCopied;
    said.textContent = button.textContent;
    setTimeout(() => (button.textContent = words.copyCaption), COPIED_MS);
  };
  const both = make("span");
  both.append(button, said);
  return both;
}

// The clipboard API is there only on https and on this machine; elsewhere an old way does it.
export async function copied(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", "unseen", text);
    area.value = text;
    button.after(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    button.focus();
    return done;
  }
}
