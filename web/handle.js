// @ts-check
/**
 * What fader and knob share: the native range lies over what is seen, is dragged (Shift: ten
 * times finer), goes to its default by double-click, and its value in words is typed over.
 */

import { ticks } from "./curve.js";
import { Drag } from "./drag.js";
import { make } from "./element.js";
import { makeRange } from "./range.js";
import { positionTyped, valueWords } from "./words.js";

const DOUBLE_MS = 350;

/**
 * @typedef {object} Hand
 * @property {(input: HTMLElement) => number} travel px from end to end
 * @property {(event: PointerEvent) => number | null} [jump] where a press goes at once; null for
 *   a press on the handle
 */

/**
 * @param {string} kind of handle, its class
 * @param {Row} row
 * @param {Store} store
 * @param {string} label
 * @param {Hand} hand
 * @param {...HTMLElement} parts
 */
export function makeHandle(kind, row, store, label, { travel, jump }, ...parts) {
  const root = make("div", { class: kind, "data-control": row.name, "data-term": row.term ?? false, title: row.help });
  const range = makeRange(root, row, store, label);
  const { input } = range;
  const out = makeWords(row, store, label, range);
  /** @type {Drag | null} */
  let drag = null;
  let pointer = -1;
  let pressedAt = -Infinity;

  input.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drag) return;
    event.preventDefault();
    input.focus({ preventScroll: true });
    const double = event.timeStamp - pressedAt < DOUBLE_MS;
    pressedAt = double ? -Infinity : event.timeStamp;
    if (double) return range.reset();
    pointer = event.pointerId;
    input.setPointerCapture(pointer);
    range.hold();
    // A finger is too blunt to mean a place, and a stage too dark: it only ever pushes.
    const target = event.pointerType === "touch" ? null : (jump?.(event) ?? null);
    if (target !== null) range.move(target);
    drag = new Drag(store.position(row.name), -event.clientY, travel(input), event.shiftKey, Boolean(jump));
  });
  input.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== pointer) return;
    const before = drag.position;
    const after = drag.move(-event.clientY, event.shiftKey);
    if (before === after) return;
    pressedAt = -Infinity;
    range.move(after);
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    input.addEventListener(type, (event) => {
      if (!drag || event.pointerId !== pointer) return;
      drag = null;
      range.release();
    });
  }
  // The native handle would follow the same pointer by other rules.
  for (const type of ["mousedown", "touchstart"]) input.addEventListener(type, (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    out.focus();
  });

  const scale = ticks(row).map(({ position, value }) =>
    make("i", { class: value === 1 && row.unit === "weight" ? "tick unity" : "tick", "--at": position }));
  root.append(...scale, ...parts, input);
  return { root, input, out };
}

/**
 * The value in words: a click or Enter on the handle opens it, Enter takes what is typed,
 * Escape leaves it.
 * @param {Row} row
 * @param {Store} store
 * @param {string} label
 * @param {ReturnType<typeof makeRange>} range
 */
function makeWords(row, store, label, { input, move }) {
  const words = () => valueWords(row, store.position(row.name));
  const out = make("input", {
    class: "words", readonly: true, tabindex: -1, autocomplete: "off", spellcheck: "false", title: "click to type a value",
    inputmode: row.curve === "log_off" ? "text" : "decimal", "aria-label": `${label}, typed`,
    onfocus() {
      out.readOnly = false;
      out.select();
    },
    onclick: () => out.selectionStart === out.selectionEnd && out.select(),
    onblur() {
      const position = out.value === words() ? null : positionTyped(row, out.value);
      out.readOnly = true;
      if (position !== null) move(position);
      out.value = words();
    },
    onkeydown(event) {
      event.stopPropagation(); // letters are typed here, not played
      if (event.key === "Escape") out.value = words();
      else if (event.key !== "Enter") return;
      input.focus(); // which blurs, which takes
    },
  });
  store.watch(row.name, () => out.readOnly && (out.value = words()));
  return out;
}
