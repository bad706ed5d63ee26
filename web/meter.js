// @ts-check
/**
 * Three bars for one term: its raw loss, on a logarithmic scale down from the highest it has
 * been; the weight as heard; its share of the loss (a ladder).
 */

import { clamp, positionOf } from "./curve.js";
import { make } from "./element.js";

/** Of the raw loss, from the top of its bar to the bottom. */
const DECADES = 3;

/** Where a loss stands between its highest (1) and a thousandth of that (0). @param {number} raw @param {number} highest */
export const fallen = (raw, highest) => (raw > 0 ? clamp(1 + Math.log10(raw / highest) / DECADES) : 0);

/** @param {Row} row of the term's handle: the weight is drawn on the handle's own scale */
export function makeMeter(row) {
  const bars = ["raw", "weight", "share"].map((name) => make("i", { class: name }));
  const root = make("div", { class: "meter", "aria-hidden": "true", "data-term": row.term, "data-share": row.name }, ...bars);
  let highest = 0;
  return {
    root,
    /** @param {Term} term */
    update({ raw, weight, share }) {
      highest = Math.max(highest, raw);
      const levels = { "--raw": fallen(raw, highest), "--weight": positionOf(row, weight), "--share": share };
      for (const [name, level] of Object.entries(levels)) root.style.setProperty(name, level.toFixed(4));
    },
  };
}
