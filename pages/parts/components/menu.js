// What every screen needs and Streamlit does not do. On a phone its menu is a sheet over the page, and stays there when a
// page is chosen from it: this closes it. And Back goes to the page before, however Streamlit got to this one.

import { oneEntryPerPage } from "./page_entries.js";

const NARROW = 768; // pixels, as in Streamlit
let listening = false;

export default function () {
  if (listening) return;
  document.addEventListener("click", chosen);
  oneEntryPerPage();
  listening = true;
}

function chosen({ target }) {
  if (innerWidth > NARROW || !target.closest?.('[data-testid="stSidebarNavLink"]')) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
