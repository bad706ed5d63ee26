// @ts-check
/**
 * Changes on their way out: one message at most for each frame of the screen, the newest
 * value of each control, and always the last one. Pure: the caller sends and keeps time.
 */

/** @typedef {import("./types.js").Values} Values */

export class Outbox {
  /** @type {Map<string, number | boolean | string>} */
  #changes = new Map();
  #since = 0;

  get empty() {
    return this.#changes.size === 0;
  }

  /**
   * @param {string} name
   * @param {number | boolean | string} value
   * @param {number} now ms, when the hand moved
   */
  put(name, value, now) {
    if (this.empty) this.#since = now;
    this.#changes.set(name, value);
  }

  /**
   * Take everything that waits as one atomic set.
   * @returns {{controls: Values, since: number} | null} `since`: when the oldest move was made
   */
  take() {
    if (this.empty) return null;
    const controls = Object.fromEntries(this.#changes);
    this.#changes.clear();
    return { controls, since: this.#since };
  }
}
