// @ts-check
/**
 * A knob with a ring of light: turned by pushing up and down; a native range input lies
 * over it.
 */

import { ticks } from "./curve.js";
import { draw, make } from "./element.js";
import { makeRange } from "./range.js";

/** px from end to end, whatever the knob's size. */
const TRAVEL_PX = 180;
const SWEEP = 270; // degrees
const CENTRE = 32;

/**
 * @param {number} degrees 0 is straight up, clockwise
 * @param {number} radius
 */
function onCircle(degrees, radius) {
  const angle = (degrees * Math.PI) / 180;
  const x = CENTRE + radius * Math.sin(angle);
  const y = CENTRE - radius * Math.cos(angle);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

const ARC = `M${onCircle(-135, 26)}A26 26 0 1 1 ${onCircle(135, 26)}`;

/**
 * @param {import("./types.js").Row} row
 * @param {import("./store.js").Store} store
 * @param {string} label
 */
export function makeKnob(row, store, label) {
  const root = make("div", { class: "knob", "data-control": row.name, title: row.help });
  if (row.term) root.dataset.term = row.term;
  const { input, out } = makeRange(root, row, store, label, { travel: () => TRAVEL_PX });
  const marks = ticks(row).map(({ position }) => {
    const degrees = -SWEEP / 2 + SWEEP * position;
    return `M${onCircle(degrees, 29.6)}L${onCircle(degrees, 31.6)}`;
  });
  root.append(
    draw(
      "svg",
      { viewBox: "0 0 64 64", "aria-hidden": "true" },
      draw("path", { class: "marks", d: marks.join("") }),
      draw("path", { class: "groove", d: ARC, pathLength: "100" }),
      draw("path", { class: "lit", d: ARC, pathLength: "100" }),
    ),
    make("i", { class: "dial" }, make("i", { class: "pointer" })),
    input,
  );
  return { root, input, out };
}
