// Words of a post that are not saved yet: they stay in this tab, also through a reload.

export const said = ({ caption, hashtags, own, version }) => ({ caption, tags: [...hashtags], own: { ...own }, version });
export const copyOf = ({ caption, tags, own, version }) => ({ caption, tags: [...tags], own: { ...own }, version });
export const same = (one, other) => facts(one) === facts(other);

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
