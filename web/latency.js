// @ts-check
/**
 * From hand to picture, in ms, measured by revision: a set leaves with `seq`, comes back with
 * the `rev` that it became, and is in the picture when a frame of that `rev` is drawn. Pure.
 */

/** Kept at most: what a lost answer leaves behind must not grow. */
const MOST = 256;
const RECENT = 15;

export class Latency {
  /** @type {Map<number, number>} seq → time of the move */
  #sent = new Map();
  /** @type {[rev: number, at: number][]} */
  #awaited = [];
  /** @type {number[]} */
  #recent = [];

  /** @param {number} seq @param {number} at */
  sent(seq, at) {
    this.#sent.set(seq, at);
    for (const old of this.#sent.keys()) if (this.#sent.size > MOST) this.#sent.delete(old);
  }

  /** The time from the move to its answer; null: nobody here asked. @param {number} seq @param {number} rev @param {number} now */
  became(seq, rev, now) {
    const at = this.#sent.get(seq);
    if (at === undefined) return null;
    this.#sent.delete(seq);
    this.#awaited = [...this.#awaited.slice(1 - MOST), [rev, at]];
    return now - at;
  }

  /** @param {number} rev of the frame that was drawn @param {number} now */
  drawn(rev, now) {
    const seen = this.#awaited.filter(([wanted]) => wanted <= rev).map(([, at]) => now - at);
    this.#awaited = this.#awaited.filter(([wanted]) => wanted > rev);
    this.#recent = [...this.#recent, ...seen].slice(-RECENT);
  }

  /** Nothing that was sent before counts any more: the connection broke, or painting paused. */
  forget() {
    this.#sent.clear();
    this.#awaited = [];
  }

  /** Median of the latest moves; null before the first. */
  get ms() {
    return this.#recent.toSorted((a, b) => a - b)[this.#recent.length >> 1] ?? null;
  }
}
