// @ts-check
/**
 * Three bars for one term: its raw loss, on a logarithmic scale down from the highest it has
 * been; the weight as heard; its share of the loss (a ladder).
 */

import { clamp, positionOf } from "./curve.js";
import { make } from "./element.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Term} Term */

/** Of the raw loss, from the top of its bar to the bottom. */
const DECADES = 3;

/**
 * Where a loss stands between its highest (1) and a thousandth of that (0). Pure.
 * @param {number} raw
 * @param {number} highest
 */
export const fallen = (raw, highest) =>
  raw > 0 ? clamp(1 + Math.log10(raw / highest) / DECADES) : 0;

/**
 * @param {Row} row of the term's handle: the weight is drawn on the handle's own scale
 */
export function makeMeter(row) {
  const raw = make("i", { class: "raw" });
  const weight = make("i", { class: "weight" });
  const share = make("i", { class: "share", "data-share": row.name });
  const root = make("div", { class: "meter", "aria-hidden": "true" }, raw, weight, share);
  root.dataset.term = row.term ?? "";
  let highest = 0;
  return {
    root,
    /** @param {Term} term */
    update(term) {
      highest = Math.max(highest, term.raw);
      raw.style.setProperty("--raw", fallen(term.raw, highest).toFixed(3));
      weight.style.setProperty("--weight", positionOf(row, term.weight).toFixed(3));
      share.style.setProperty("--share", term.share.toFixed(4));
    },
  };
}
