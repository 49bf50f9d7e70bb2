// What was painted, as strokes in the image's own pixels: painting at another size loses nothing, and taking a stroke
// back is painting all the others again.
//
// A stroke is { kind: "line", erase, size, points: [x, y, x, y, …] } with a round brush of `size` pixels across,
// { kind: "box", x, y, w, h }, { kind: "invert" } or { kind: "clear" }.

export class Strokes {
  constructor(done = []) {
    this.done = [...done];
    this.undone = [];
  }

  add(stroke) {
    this.done.push(stroke);
    this.undone = [];
  }

  undo() {
    if (this.done.length) this.undone.push(this.done.pop());
  }

  redo() {
    if (this.undone.length) this.done.push(this.undone.pop());
  }

  same(others) {
    return others.length === this.done.length && others.every((stroke, i) => stroke === this.done[i]);
  }

  // On a context whose unit is a pixel of the image. What came before the last clearing cannot be seen.
  replay(context, width, height) {
    context.clearRect(0, 0, width, height);
    const cleared = this.done.map((stroke) => stroke.kind).lastIndexOf("clear");
    for (const stroke of this.done.slice(cleared + 1)) paint(context, stroke, width, height);
  }
}

// One stroke; of a line only what comes after its first `known` numbers, which are on the canvas already.
export function paint(context, stroke, width, height, known = 0) {
  context.globalCompositeOperation = stroke.kind === "invert" ? "xor" : stroke.erase ? "destination-out" : "source-over";
  if (stroke.kind === "line") line(context, stroke, Math.max(0, known - 2));
  else if (stroke.kind === "box") context.fillRect(stroke.x, stroke.y, stroke.w, stroke.h);
  else context.fillRect(0, 0, width, height);
}

function line(context, { size, points }, from) {
  context.beginPath();
  context.arc(points[from], points[from + 1], size / 2, 0, 2 * Math.PI);
  context.fill();
  if (points.length <= from + 2) return;
  Object.assign(context, { lineWidth: size, lineCap: "round", lineJoin: "round" });
  context.beginPath();
  context.moveTo(points[from], points[from + 1]);
  for (let i = from + 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
  context.stroke();
}
