// @ts-check
/**
 * A small key that stays down: solo, mute.
 */

import { make } from "./element.js";

/**
 * @param {import("./types.js").Row} row
 * @param {import("./store.js").Store} store
 * @param {string} text on the key
 * @param {string} label
 */
export function makeSwitch(row, store, text, label) {
  const button = make(
    "button",
    { type: "button", class: "switch", "data-control": row.name, "aria-label": label, title: row.help },
    text,
  );
  if (row.term) button.dataset.term = row.term;
  button.addEventListener("click", () => flip(row.name, store));
  store.watch(row.name, (on) => button.setAttribute("aria-pressed", String(on > 0)));
  return button;
}

/**
 * @param {string} name
 * @param {import("./store.js").Store} store
 */
export function flip(name, store) {
  store.move(name, store.position(name) > 0 ? 0 : 1, performance.now());
}
