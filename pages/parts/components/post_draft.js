// Words of a post that are not saved yet: they stay in this tab, also through a reload.

export const said = ({ caption, hashtags, own, version }) => ({ caption, tags: [...hashtags], own: { ...own }, version });
export const copyOf = ({ caption, tags, own, version }) => ({ caption, tags: [...tags], own: { ...own }, version });
export const same = (one, other) => facts(one) === facts(other);

// Texts for platforms that nobody changed here are those that are there now.
export function followed(draft, before, now) {
  const names = Object.keys({ ...draft.own, ...now.own });
  const texts = names.map((name) => [name, (draft.own[name] === before.own[name] ? now : draft).own[name]]);
  return Object.fromEntries(texts.filter(([, text]) => text));
}

// Whether something that was changed here was changed elsewhere too.
export function clashes(draft, before, now) {
  const theirs = now.caption !== before.caption || `${now.tags}` !== `${before.tags}`;
  const mine = draft.caption !== now.caption || `${draft.tags}` !== `${now.tags}`;
  const both = (name) => now.own[name] !== before.own[name] && now.own[name] !== draft.own[name];
  return (theirs && mine) || Object.keys({ ...draft.own, ...before.own, ...now.own }).some(both);
}

// The texts that saving this draft would replace.
export function others(draft, now) {
  const own = Object.keys(now.own).filter((name) => now.own[name] !== draft.own[name]).map((name) => now.own[name]);
  const words = draft.caption !== now.caption || `${draft.tags}` !== `${now.tags}`;
  return words ? [now.caption, ...own] : own;
}

export function kept(data) {
  try {
    return JSON.parse(sessionStorage.getItem(place(data)));
  } catch {
    return null;
  }
}

export function store(data, draft) {
  try {
    sessionStorage.setItem(place(data), JSON.stringify(draft));
  } catch {
    // a browser that keeps nothing: then a reload loses what was not saved
  }
}

export function forget(data) {
  try {
    sessionStorage.removeItem(place(data));
  } catch {
    // as above
  }
}

const facts = ({ caption, tags, own }) =>
  JSON.stringify([caption.trim(), tags, Object.entries(own).map(([name, text]) => [name, text.trim()]).filter(([, text]) => text).sort()]);
const place = ({ post }) => `studio-post-${post}`;
