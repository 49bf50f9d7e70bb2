// News that have Python draw the page anew wait for a person who does something: a run closes the dialog that is open
// or about to open, with what was typed into it.

const DIALOG = "[data-testid=stDialog]";
const ANSWER_MS = 1_500; // what a click or a key leads to is there by then
let touched = -Infinity;

for (const event of ["pointerdown", "keydown"]) {
  addEventListener(event, () => (touched = performance.now()), { capture: true, passive: true });
}

export function undisturbed(go) {
  const rest = touched + ANSWER_MS - performance.now();
  if (rest > 0) return setTimeout(undisturbed, rest, go);
  if (!document.querySelector(DIALOG)) return go();
  const watch = new MutationObserver(() => {
    if (document.querySelector(DIALOG)) return;
    watch.disconnect();
    go();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
