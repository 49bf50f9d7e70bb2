// How pictures come to an ask: pasted or dropped anywhere on the page, and from there to the studio.

// Calls `take` with the files; what it returns stops that.
export function arrivals(box, take) {
  const listeners = {
    paste: (event) => pasted(event, take),
    dragover: (event) => dragged(box, event),
    dragleave: (event) => event.relatedTarget || over(box, false), // out of the window
    pointermove: () => over(box, false), // given up: no pointer moves while something is dragged
    drop: (event) => dropped(box, event, take),
  };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}

// Office programs add a picture of the text that was copied: then the text is what is wanted. (A plain text alone is the
// file's name, and a browser's "copy image" brings markup alone.)
function pasted(event, take) {
  const files = [...(event.clipboardData?.files ?? [])];
  const isText = ["text/plain", "text/html"].every((kind) => event.clipboardData.getData(kind));
  if (!files.length || isText) return;
  event.preventDefault();
  take(files);
}

function dragged(box, event) {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  over(box, box.data.room > 0 || box.data.startable);
}

// A browser opens a dropped file in place of the page, and with it all that was typed, unless it is told not to.
function dropped(box, event, take) {
  over(box, false);
  if (!carriesFiles(event)) return;
  event.preventDefault();
  take([...event.dataTransfer.files]);
}

function carriesFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function over(box, is) {
  box.root.classList.toggle("over", is);
}

// What the studio says of the kept picture. Throws an Error with a sentence for the person. A broken line is tried once
// more: the same bytes are kept once.
export async function sendFile(file, { most, words }) {
  if (file.size > most) throw new Error(words.large);
  const send = () => fetch("/api/uploads", { method: "POST", headers: { "X-Studio": "1" }, body: file });
  const reply = await send().catch(send).catch(() => {
    throw new Error(words.unreachable);
  });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error ?? words.unreachable);
  return answer;
}
