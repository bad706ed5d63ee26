// @ts-check
/**
 * Two bars for one term: the weight as heard (thin), and its share of the loss (a ladder).
 */

import { positionOf } from "./curve.js";
import { make } from "./element.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Term} Term */

/**
 * @param {Row} row of the term's handle: the weight is drawn on the handle's own scale
 */
export function makeMeter(row) {
  const weight = make("i", { class: "weight" });
  const share = make("i", { class: "share", "data-share": row.name });
  const root = make("div", { class: "meter", "aria-hidden": "true" }, weight, share);
  root.dataset.term = row.term ?? "";
  return {
    root,
    /** @param {Term} term */
    update(term) {
      weight.style.setProperty("--weight", positionOf(row, term.weight).toFixed(3));
      share.style.setProperty("--share", term.share.toFixed(4));
    },
  };
}
