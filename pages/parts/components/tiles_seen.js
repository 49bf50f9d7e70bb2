// Tells the server that a conversation is being looked at, so that what ended in it is no news on its card.

import { unfinished } from "./tiles_live.js";

const GLANCE_MS = 400; // passing by is not looking

export function seen(thread) {
  const ended = [...thread.generations.values()].filter((generation) => !unfinished(generation));
  const news = ended.map(({ id, round }) => `${id} ${round}`).join();
  if (document.hidden || !news || thread.seen === news) return;
  clearTimeout(thread.looking);
  thread.looking = setTimeout(async () => {
    if (document.hidden || thread.over) return;
    const address = `/api/conversations/${encodeURIComponent(thread.conversation)}/seen`;
    const reply = await fetch(address, { method: "POST", headers: { "X-Studio": "1" } }).catch(() => null);
    if (reply?.ok) thread.seen = news; // else the next news try again
  }, GLANCE_MS);
}
