// A press of the button that comes before the pictures do: it waits for them, for an ask without them would be paid too.

// Presses of the button and of its shortcut are held back while something is on its way; what it returns stops that.
export function holdBack(box, held) {
  const hold = (event) => {
    if (!isPress(box, event) || complete(box)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.held = true;
    held();
  };
  for (const name of ["click", "keydown"]) window.addEventListener(name, hold, true);
  return () => {
    for (const name of ["click", "keydown"]) window.removeEventListener(name, hold, true);
  };
}

// Press it now if somebody did and all is there; `pressed` is called then. While Streamlit puts the screen together anew,
// the button is gone for a moment: the press waits for that too.
export function letGo(box, pressed) {
  if (!box.held || !complete(box) || !box.root.isConnected) return;
  const button = document.querySelector(box.data.button);
  cancelAnimationFrame(box.next);
  box.next = requestAnimationFrame(() => (button?.isConnected ? press(box, button, pressed) : letGo(box, pressed)));
  document.activeElement?.dispatchEvent(new FocusEvent("focusout", { bubbles: true })); // Streamlit takes the words then
}

function press(box, button, pressed) {
  if (!box.held) return;
  box.held = false;
  button.click();
  pressed();
}

function isPress(box, event) {
  if (event.type === "keydown") return event.key === "Enter" && (event.ctrlKey || event.metaKey);
  return event.target.closest?.(box.data.button);
}

// Everything that is shown here is known to the script that will ask.
function complete({ items, data }) {
  const ids = items.filter((item) => !item.start).map((item) => item.id);
  return !items.some((item) => item.waiting) && JSON.stringify(ids) === JSON.stringify(data.references);
}
