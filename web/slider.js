// @ts-check
/**
 * A small horizontal slider: a native range that shows itself. Double-click or Delete: default.
 */

import { make, say } from "./element.js";
import { spokenWords, valueWords } from "./words.js";

/**
 * @param {import("./types.js").Row} row
 * @param {import("./store.js").Store} store
 * @param {string} title
 * @param {string} label for a screen reader
 */
export function makeSlider(row, store, title, label) {
  const name = row.name;
  const input = make("input", {
    type: "range", min: "0", max: "1", step: "0.01", "data-control": name, "aria-label": label,
  });
  const out = make("output", { "aria-hidden": "true" });
  const root = make("div", { class: "slider", "data-control": name, title: row.help }, make("span", {}, title), input, out);
  /** @param {number} position */
  const move = (position) => store.move(name, position, performance.now());
  store.watch(name, (position) => {
    input.value = String(position);
    root.style.setProperty("--position", String(position));
    input.setAttribute("aria-valuetext", spokenWords(row, position));
    say(out, valueWords(row, position));
  });
  input.addEventListener("input", () => move(Number(input.value)));
  input.addEventListener("pointerdown", () => store.hold(name));
  for (const type of ["pointerup", "pointercancel", "change"]) input.addEventListener(type, () => store.release(name));
  input.addEventListener("dblclick", () => move(Number(row.default)));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Delete" || event.key === "Backspace") move(Number(row.default));
  });
  return root;
}
