// Hears over the person's live socket that an image was kept, and comes back by itself when the line was cut.

const BUNCH = 250; // ms: several images of one turn often come together
const LONGEST = 30_000;

// `heard()` after images came, `returned()` when the line is back after a cut. Returns how to stop.
export function listen(heard, returned) {
  let socket, bunch, again, wait = 1000, cut = false, ended = false;

  function connect() {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    socket.onopen = () => {
      wait = 1000;
      if (cut) returned();
    };
    socket.onmessage = ({ data }) => {
      if (JSON.parse(data).type !== "image") return;
      clearTimeout(bunch);
      bunch = setTimeout(heard, BUNCH);
    };
    socket.onclose = () => {
      if (ended) return;
      cut = true;
      again = setTimeout(connect, wait + Math.random() * 500);
      wait = Math.min(LONGEST, wait * 2);
    };
  }

  connect();
  return () => {
    ended = true;
    clearTimeout(again);
    clearTimeout(bunch);
    socket.close();
  };
}
