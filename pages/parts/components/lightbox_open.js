// Show an image in the page's lightbox, and what its arrows walk along. One that is still on its way shows it on arrival.

const PATIENCE_MS = 10_000;

export function enlarge(item, order) {
  if (order) document.dispatchEvent(new CustomEvent("studio:order", { detail: order }));
  const taken = !document.dispatchEvent(new CustomEvent("studio:open", { detail: { item }, cancelable: true }));
  if (taken) return;
  const { pathname } = location;
  const again = () => location.pathname === pathname && enlarge(item, order);
  document.addEventListener("studio:ready", again, { once: true, signal: AbortSignal.timeout(PATIENCE_MS) });
}
