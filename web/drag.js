// @ts-check
/**
 * A held handle: pixels moved → position. Shift makes ten times finer, and pressing or leaving
 * it never jumps. Pure: the caller knows the pointer.
 */

import { clamp } from "./curve.js";

export const FINE = 0.1;

export class Drag {
  #anchorPx;
  #anchor;
  #length;
  #fine;
  #tied;

  /**
   * @param {number} position where the handle stands when it is taken, 0..1
   * @param {number} px of the pointer, growing upwards
   * @param {number} length px from position 0 to 1
   * @param {boolean} fine
   * @param {boolean} [tied] the handle stays under the pointer, also after it overshot an end;
   *   otherwise the way back counts from where the hand turns, as on a knob
   */
  constructor(position, px, length, fine, tied = false) {
    this.position = this.#anchor = position;
    this.#anchorPx = px;
    this.#length = Math.max(1, length);
    this.#fine = fine;
    this.#tied = tied;
  }

  /** @param {number} px @param {number} at */
  #tie(px, at) {
    this.#anchorPx = px;
    this.#anchor = at;
  }

  /** The new position. @param {number} px @param {boolean} fine */
  move(px, fine) {
    if (fine !== this.#fine) this.#tie(px, this.position);
    this.#fine = fine;
    const wanted = this.#anchor + ((px - this.#anchorPx) / this.#length) * (fine ? FINE : 1);
    this.position = clamp(wanted);
    if (wanted !== this.position && !this.#tied) this.#tie(px, this.position);
    return this.position;
  }
}
