// Hears over the person's live socket that an image was kept, went to the trash, came back or went for good, in whatever
// window; and comes back by itself when the line was cut.

const BUNCH = 250; // ms: several images of one turn often come together
const LONGEST = 30_000;

// `heard()` after images came, `moved()` after the trash took, gave or lost some, `returned()` when the line is back after a
// cut. Returns how to stop.
export function listen(heard, moved, returned) {
  const told = { image: heard, trashed: moved, restored: moved, purged: moved }, bunches = new Map();
  let socket, again, wait = 1000, cut = false, ended = false;

  function connect() {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    socket.onopen = () => {
      wait = 1000;
      if (cut) returned();
    };
    socket.onmessage = ({ data }) => {
      const tell = told[JSON.parse(data).type];
      clearTimeout(bunches.get(tell));
      if (tell) bunches.set(tell, setTimeout(tell, BUNCH));
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
    bunches.forEach(clearTimeout);
    socket.close();
  };
}
