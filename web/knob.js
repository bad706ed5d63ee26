// @ts-check
/**
 * A knob with a ring of light, turned by pushing up and down.
 */

import { make } from "./element.js";
import { makeHandle } from "./handle.js";

/** From end to end, whatever the knob's size. */
const TRAVEL_PX = 180;

/** @param {Row} row @param {Store} store @param {string} label */
export const makeKnob = (row, store, label) =>
  makeHandle("knob", row, store, label, { travel: () => TRAVEL_PX }, make("i", { class: "ring" }), make("i", { class: "dial" }));
