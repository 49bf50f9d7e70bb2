// News that have Python draw the page anew wait while a dialog is open: a run closes it, with what was typed into it.

const DIALOG = "[data-testid=stDialog]";

export function undisturbed(go) {
  if (!document.querySelector(DIALOG)) return go();
  const watch = new MutationObserver(() => {
    if (document.querySelector(DIALOG)) return;
    watch.disconnect();
    go();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
