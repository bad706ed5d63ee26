// @ts-check
/** The sign that the wall does not show what this page does; it stays while the controls fade. */

import { el, setText } from "../dom.js";

/** What the wall shows instead of this painting; empty: it follows. @param {boolean} blackout @param {boolean} hold */
export const wallText = (blackout, hold) => (blackout ? "the wall is black" : hold ? "the wall holds its picture" : "");

/** @param {Page} page */
export function start({ store }) {
  const sign = el("p", { id: "wall-sign", role: "status" });
  document.body.append(sign);
  const show = () => setText(sign, wallText(store.position("blackout") > 0, store.position("hold") > 0));
  for (const name of ["blackout", "hold"]) store.watch(name, show);
}
