// @ts-check
/**
 * A control that is one of some names: a native select with its title.
 */

import { make } from "./element.js";

/**
 * @param {import("./types.js").Row} row
 * @param {import("./store.js").Store} store
 * @param {string} title
 */
export function makeChoice(row, store, title) {
  const select = make("select", {}, ...row.choices.map((name) => make("option", {}, name)));
  select.addEventListener("change", () => store.move(row.name, select.selectedIndex, performance.now()));
  store.watch(row.name, (index) => (select.selectedIndex = index));
  return make("label", { class: "choice", "data-control": row.name, title: row.help }, title, select);
}
