// @ts-check
/**
 * A held handle: pixels moved → position. Shift makes ten times finer, and pressing or leaving
 * it never jumps. Pure: the caller knows the pointer.
 */

import { clamp } from "./curve.js";

export const FINE = 0.1;

/**
 * @param {number} position where the handle stands when it is taken, 0..1
 * @param {number} from px of the pointer, growing upwards
 * @param {number} length px from position 0 to 1
 * @param {boolean} fine
 * @param {boolean} [tied] the handle stays under the pointer, also after it overshot an end;
 *   otherwise the way back counts from where the hand turns, as on a knob
 */
export function makeDrag(position, from, length, fine, tied = false) {
  let anchor = position;
  return {
    get position() {
      return position;
    },

    /** The new position. @param {number} px @param {boolean} finer */
    move(px, finer) {
      if (finer !== fine) [from, anchor, fine] = [px, position, finer];
      const wanted = anchor + ((px - from) / Math.max(1, length)) * (fine ? FINE : 1);
      position = clamp(wanted);
      if (wanted !== position && !tied) [from, anchor] = [px, position];
      return position;
    },
  };
}
