// @ts-check
/**
 * A vertical fader: slot and cap.
 */

import { make } from "./element.js";
import { makeHandle } from "./handle.js";

/** @param {Row} row @param {Store} store @param {string} label */
export function makeFader(row, store, label) {
  const slot = make("i", { class: "slot" });
  const cap = make("i", { class: "cap" });
  return makeHandle("fader", row, store, label, {
    travel: (input) => input.offsetHeight - cap.offsetHeight,
    jump({ clientY, currentTarget }) {
      const { top, bottom, height } = cap.getBoundingClientRect();
      if (clientY >= top && clientY <= bottom) return null;
      const whole = /** @type {Element} */ (currentTarget).getBoundingClientRect();
      return 1 - (clientY - whole.top - height / 2) / (whole.height - height);
    },
  }, slot, cap);
}
