// @ts-check
/**
 * From hand to picture, in ms, measured by revision: a set leaves with `seq`, comes back with
 * the `rev` that it became, and is in the picture when a frame of that `rev` is drawn. Pure.
 */

/** Kept at most: what a lost answer leaves behind must not grow. */
const MOST = 256;
const RECENT = 15;

export function makeLatency() {
  /** @type {Map<number, number>} seq → time of the move */
  const moves = new Map();
  /** @type {[rev: number, at: number][]} */
  let awaited = [];
  /** @type {number[]} */
  let recent = [];
  return {
    /** @param {number} seq @param {number} at */
    sent(seq, at) {
      moves.set(seq, at);
      for (const old of moves.keys()) if (moves.size > MOST) moves.delete(old);
    },

    /** The time from the move to its answer; null: nobody here asked. @param {number} seq @param {number} rev @param {number} now */
    became(seq, rev, now) {
      const at = moves.get(seq);
      if (at === undefined) return null;
      moves.delete(seq);
      awaited = [...awaited.slice(1 - MOST), [rev, at]];
      return now - at;
    },

    /** @param {number} rev of the frame that was drawn @param {number} now */
    drawn(rev, now) {
      const seen = awaited.filter(([wanted]) => wanted <= rev).map(([, at]) => now - at);
      awaited = awaited.filter(([wanted]) => wanted > rev);
      recent = [...recent, ...seen].slice(-RECENT);
    },

    /** Nothing that was sent before counts any more: the connection broke, or painting paused. */
    forget() {
      moves.clear();
      awaited = [];
    },

    /** Median of the latest moves; null before the first. */
    ms: () => recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? null,
  };
}
