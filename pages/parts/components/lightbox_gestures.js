// What mouse and fingers do on the picture: the wheel, a pinch and a double click zoom; a drag moves what is larger than
// the window; a finger that pulls what fits walks sideways, or closes downwards.

const SWIPE = 48, DOWN = 90; // pixels
const STILL = 6; // pixels that a finger may tremble
const TWICE = 320; // ms between two taps, and
const NEAR = 32; // pixels between them

// `on` hears step(by) and close().
export function gestures(node, zoom, on) {
  const held = new Map(); // pointer → where it is
  let from = null, pulled = null, tapped = null, moved = false;

  node.addEventListener("wheel", (event) => {
    if (event.target.closest(".keys")) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode ? 16 : 1); // some browsers count lines
    zoom.by(Math.exp(-Math.max(-240, Math.min(240, pixels)) / 300), point(event), false);
  }, { passive: false });

  node.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("button, a, .keys")) return;
    held.set(event.pointerId, point(event));
    if (held.size === 1) [from, moved, pulled] = [point(event), false, null];
    else if (pulled) (zoom.reset(), (pulled = null)); // a second finger: it is no swipe
  });

  node.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = point(event);
    if (!moved && apart(now, from) < STILL && held.size === 1) return;
    if (!moved) node.setPointerCapture(event.pointerId); // only now: a click keeps its target
    moved = true;
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    held.set(event.pointerId, now);
    node.classList.add("held");
    if (other) pinch(before, now, other);
    else if (zoom.larger) zoom.pan(now.x - before.x, now.y - before.y);
    else if (event.pointerType === "touch") pull(now);
  });

  for (const name of ["pointerup", "pointercancel"])
    node.addEventListener(name, (event) => {
      if (!held.delete(event.pointerId)) return;
      if (held.size) return ([from] = held.values()); // one finger goes on
      node.classList.remove("held");
      if (pulled) release(name === "pointerup");
      else if (!moved && name === "pointerup") tap(event);
    });

  function pinch(before, now, other) {
    const middle = between(now, other), was = between(before, other);
    if (zoom.zoomed) zoom.pan(middle.x - was.x, middle.y - was.y);
    zoom.by(apart(now, other) / Math.max(1, apart(before, other)), middle, false);
  }

  // Sideways or down, whichever it began with.
  function pull(now) {
    if (zoom.zoomed) return;
    const x = now.x - from.x, y = now.y - from.y;
    pulled ??= { sideways: Math.abs(x) > Math.abs(y) };
    [pulled.x, pulled.y] = pulled.sideways ? [x, 0] : [0, Math.max(0, y)];
    zoom.pull(pulled.x, pulled.y);
  }

  function release(meant) {
    const { x, y } = pulled;
    pulled = null;
    zoom.reset();
    if (!meant) return;
    if (Math.abs(x) > SWIPE) on.step(x > 0 ? -1 : 1);
    else if (y > DOWN) on.close();
  }

  function tap(event) {
    const at = point(event), double = tapped && event.timeStamp - tapped.time < TWICE && apart(tapped.at, at) < NEAR;
    tapped = double ? null : { time: event.timeStamp, at };
    if (double) zoom.closer(at);
  }
}

const point = (event) => ({ x: event.clientX, y: event.clientY });
const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
const between = (one, other) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
