// The age of a number: the server's clock now, as far as we know it, less the time of the newest data behind the number.

let offset = null;     // server clock − ours, in ms
let best = Infinity;   // round trip it was measured with

// From a round trip: the server read its clock somewhere between sent and received, so half of the trip is the error bound.
// An old estimate slowly loses its claim, because clocks drift.
export function learnClock(server_ms, sent_ms, received_ms) {
  const trip = received_ms - sent_ms;
  if (!(trip >= 0) || !Number.isFinite(server_ms)) return;
  best += 0.5;
  if (trip <= best) {
    best = trip;
    offset = server_ms - (sent_ms + received_ms) / 2;
  }
}

export const serverNow = () => Date.now() + (offset ?? 0);
export const ageOf = at => Math.max(0, serverNow() - at);

export function ageText(at) {
  const ms = ageOf(+at);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7200000) return `${Math.round(ms / 60000)} min`;
  return `${Math.round(ms / 3600000)} h`;
}

// Stale is what is older than it should be: what is computed every `every` ms is as old as that when all is well.
export function ageClass(at, every = 0) {
  const ms = ageOf(+at) - (+every || 0);
  return ms >= 10000 ? ["stale", "very-stale"] : ms >= 2000 ? ["stale"] : [];
}
