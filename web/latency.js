// @ts-check
/**
 * The time from a move to its picture, ms: a set leaves with `seq`, is acknowledged with the
 * `rev` that it became, and is visible when a frame of that `rev` is drawn. Pure.
 */

/** So many are kept at most: lost acknowledgements must not pile up. */
const MAX_PENDING = 256;
const RECENT = 15;

export function makeLatency() {
  /** @type {Map<number, number>} seq → time of the move */
  const sent = new Map();
  /** @type {[rev: number, at: number][]} acknowledged, not yet drawn */
  let pending = [];
  /** @type {number[]} */
  let recent = [];
  const latency = {
    /** @param {number} seq @param {number} at time of the move */
    sent(seq, at) {
      sent.set(seq, at);
      for (const old of sent.keys()) if (sent.size > MAX_PENDING) sent.delete(old);
    },

    /** The time from the move to its acknowledgement; null: it is not one of ours. @param {number} seq @param {number} rev @param {number} now */
    acknowledged(seq, rev, now) {
      const at = sent.get(seq);
      if (at === undefined) return null;
      sent.delete(seq);
      pending = [...pending.slice(1 - MAX_PENDING), [rev, at]];
      return now - at;
    },

    /** The median of the recent moves, if this frame shows one, else null. @param {number} rev of the frame that was drawn @param {number} now */
    drawn(rev, now) {
      const visible = pending.filter(([wanted]) => wanted <= rev).map(([, at]) => now - at);
      pending = pending.filter(([wanted]) => wanted > rev);
      recent = [...recent, ...visible].slice(-RECENT);
      return visible.length ? latency.medianMs() : null;
    },

    /** Discard what is under way: the connection broke, or painting paused. */
    reset() {
      sent.clear();
      pending = [];
    },

    /** Median of the recent moves; null before the first. */
    medianMs: () => recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? null,
  };
  return latency;
}
