// One entry of the browser's history for every page that is opened.
//
// Streamlit opens a page with parameters in two steps, each an entry: the parameters on the old page, then the new page.
// Back would lead to the first: the old page with parameters that mean nothing there, and without its own. So the second
// takes its place, and what stood there before is one step back.

export function oneEntryPerPage() {
  const push = history.pushState.bind(history);
  let added = null; // parameters that became an entry of the page that is open
  history.pushState = (state, unused, url) => {
    const to = new URL(url ?? "", location.href);
    const opened = to.pathname !== location.pathname;
    if (opened && added === to.search && added === location.search) history.replaceState(state, unused, url);
    else push(state, unused, url);
    added = opened ? null : to.search;
  };
  addEventListener("popstate", () => (added = null));
}
