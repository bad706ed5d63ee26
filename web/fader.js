// @ts-check
/**
 * A vertical fader: slot, scale, cap; a native range input lies over it.
 */

import { ticks } from "./curve.js";
import { make } from "./element.js";
import { makeRange } from "./range.js";

/** @typedef {import("./types.js").Row} Row */

/** What makes the worker build anew is sent when the hand lets go. */
const LATE = new Set(["size"]);

/**
 * @param {Row} row
 * @param {import("./store.js").Store} store
 * @param {string} label
 */
export function makeFader(row, store, label) {
  const cap = make("i", { class: "cap" });
  const root = make("div", { class: "fader", "data-control": row.name, title: row.help });
  if (row.term) root.dataset.term = row.term;
  const { input, out } = makeRange(root, row, store, label, {
    late: LATE.has(row.name),
    travel: () => input.offsetHeight - cap.offsetHeight,
    jump: (event) => {
      const box = cap.getBoundingClientRect();
      if (event.clientY >= box.top && event.clientY <= box.bottom) return null;
      const slot = input.getBoundingClientRect();
      return 1 - (event.clientY - slot.top - box.height / 2) / (slot.height - box.height);
    },
  });
  root.append(make("i", { class: "slot" }), ...makeTicks(row), cap, input);
  return { root, input, out };
}

/**
 * @param {Row} row
 * @returns {HTMLElement[]}
 */
export function makeTicks(row) {
  return ticks(row).map(({ position, value }) => {
    const tick = make("i", { class: value === 1 && row.unit === "weight" ? "tick unity" : "tick" });
    tick.style.setProperty("--at", String(position));
    return tick;
  });
}
