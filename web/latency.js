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

  /**
   * @param {number} seq
   * @param {number} at ms
   */
  sent(seq, at) {
    this.#sent.set(seq, at);
    if (this.#sent.size > MOST) this.#sent.delete(/** @type {number} */ (this.#sent.keys().next().value));
  }

  /**
   * @param {number} seq
   * @param {number} rev
   * @param {number} now ms
   * @returns {number | null} ms from the move to this answer; null: nobody here asked
   */
  became(seq, rev, now) {
    const at = this.#sent.get(seq);
    this.#sent.delete(seq);
    if (at === undefined) return null;
    this.#awaited.push([rev, at]);
    if (this.#awaited.length > MOST) this.#awaited.shift();
    return now - at;
  }

  /**
   * A frame was drawn.
   * @param {number} rev
   * @param {number} now ms
   */
  drawn(rev, now) {
    const waiting = this.#awaited.filter(([wanted, at]) => {
      if (wanted > rev) return true;
      this.#recent.push(now - at);
      return false;
    });
    this.#awaited = waiting;
    this.#recent = this.#recent.slice(-RECENT);
  }

  /** Nothing that was sent before counts any more: the connection broke, or painting paused. */
  forget() {
    this.#sent.clear();
    this.#awaited = [];
  }

  /** Median of the latest moves, or null before the first.
   * @returns {number | null} ms
   */
  get ms() {
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }
}
