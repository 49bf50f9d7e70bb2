// On a phone Streamlit's menu is a sheet over the page, and stays there when a page is chosen from it. This closes it.

const NARROW = 768; // pixels, as in Streamlit
let listening = false;

export default function () {
  if (!listening) document.addEventListener("click", chosen);
  listening = true;
}

function chosen({ target }) {
  if (innerWidth > NARROW || !target.closest?.('[data-testid="stSidebarNavLink"]')) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}
