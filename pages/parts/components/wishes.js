// What somebody wants done, told to Streamlit until it is answered: it keeps only the last of several that come at once,
// and what is told while it reconnects is lost.

export class Wishes {
  constructor() {
    this.open = [];
  }

  tell(act, facts = {}) {
    const wish = { wish: crypto.randomUUID(), act, ...facts };
    this.open.push(wish);
    this.again();
    return wish.wish;
  }

  again() {
    if (this.open.length) this.send?.("wishes", [...this.open]);
  }

  // The answers to wishes of ours, each once: { wish, error }.
  heard({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const answers = (data.answers ?? []).filter(({ wish }) => this.open.some((mine) => mine.wish === wish));
    this.open = this.open.filter(({ wish }) => !answers.some((answer) => answer.wish === wish));
    return answers;
  }
}
