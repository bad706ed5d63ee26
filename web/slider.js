// @ts-check
/**
 * A small horizontal slider between two words: a native range that shows itself.
 */

import { make, say, set } from "./element.js";
import { makeRange } from "./range.js";
import { valueWords } from "./words.js";

/**
 * @param {Row} row
 * @param {Store} store
 * @param {string} label for a screen reader
 * @param {string} before
 * @param {string} [after] its value where left out
 */
export function makeSlider(row, store, label, before, after) {
  const root = make("div", { class: "slider", "data-control": row.name, title: row.help });
  const { input, hold, release, reset } = makeRange(root, row, store, label);
  const words = make("output", { "aria-hidden": "true" });
  store.watch(row.name, (position) => say(words, after ?? valueWords(row, position)));
  set(input, { onpointerdown: hold, onpointerup: release, onpointercancel: release, onchange: release, ondblclick: reset });
  root.append(make("span", {}, before), input, words);
  return root;
}
