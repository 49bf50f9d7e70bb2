// How far a generation probably is, said honestly: hosted models report no steps, so all there is to go by is how
// long this model took for the team before. The bar never claims to be done.

const AT_P50 = 0.62;
const AT_P90 = 0.9;
const NEVER_ABOVE = 0.98;

// Between 0 and 1 for `elapsed` ms, null without history: then only the seconds that passed can be told.
export function fraction(elapsed, pace) {
  if (!pace?.p50) return null;
  const p90 = Math.max(pace.p90, pace.p50 * 1.1);
  if (elapsed <= pace.p50) return AT_P50 * (elapsed / pace.p50);
  if (elapsed <= p90) return AT_P50 + (AT_P90 - AT_P50) * ease((elapsed - pace.p50) / (p90 - pace.p50));
  return NEVER_ABOVE - (NEVER_ABOVE - AT_P90) * Math.exp(-(elapsed - p90) / p90);
}

// Milliseconds that a generation has been at work. Our own clock counts when we saw it begin; else the two clocks
// are compared, which may be off but never below zero.
export function elapsed(generation) {
  if (generation.since !== undefined) return performance.now() - generation.since;
  return generation.started ? Math.max(0, Date.now() - generation.started) : 0;
}

// Beyond nine of ten runs; with fewer than ten behind it that would be a guess.
export function late(elapsed, pace) {
  return pace?.runs >= 10 && elapsed > pace.p90;
}

function ease(x) {
  return 1 - (1 - x) ** 2;
}
