// @ts-check
/**
 * Slider, fader and knob. What the last two share: the native range lies over what is seen, is
 * dragged (Shift: ten times finer), goes to its default by double-click, and its value in words
 * is typed over.
 */

import { ticks } from "./control-math.js";
import { make, say, set } from "./dom.js";
import { makeDrag, makeRange } from "./range-input.js";
import { positionTyped, valueWords } from "./format.js";

const DOUBLE_MS = 350;
/** Of a knob from end to end, whatever its size. */
const TRAVEL_PX = 180;

/** A vertical fader: slot and cap. @param {Row} row @param {Store} store @param {string} label */
export function makeFader(row, store, label) {
  const cap = make("i", { class: "cap" });
  return makeHandle("fader", row, store, label, {
    travel: (input) => input.offsetHeight - cap.offsetHeight,
    jump({ clientY, currentTarget }) {
      const { top, bottom, height } = cap.getBoundingClientRect();
      if (clientY >= top && clientY <= bottom) return null;
      const whole = /** @type {Element} */ (currentTarget).getBoundingClientRect();
      return 1 - (clientY - whole.top - height / 2) / (whole.height - height);
    },
  }, make("i", { class: "slot" }), cap);
}

/** A knob with a ring of light, turned by pushing up and down. @param {Row} row @param {Store} store @param {string} label */
export const makeKnob = (row, store, label) =>
  makeHandle("knob", row, store, label, { travel: () => TRAVEL_PX }, make("i", { class: "ring" }), make("i", { class: "dial" }));

/**
 * A small horizontal slider between two words: a native range that shows itself.
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
function makeHandle(kind, row, store, label, { travel, jump }, ...parts) {
  const root = make("div", { class: kind, "data-control": row.name, "data-term": row.term, title: row.help });
  const range = makeRange(root, row, store, label);
  const { input } = range;
  const out = makeWords(row, store, label, range);
  /** @type {ReturnType<typeof makeDrag> | null} */
  let drag = null;
  let pointer = -1;
  let pressedAt = -Infinity;

  const drop = (/** @type {PointerEvent} */ { pointerId }) => {
    if (!drag || pointerId !== pointer) return;
    drag = null;
    range.release();
  };
  const prevent = (/** @type {Event} */ event) => event.preventDefault();
  set(input, {
    onpointerdown(event) {
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
      drag = makeDrag(store.position(row.name), -event.clientY, travel(input), event.shiftKey, Boolean(jump));
    },
    onpointermove(event) {
      if (!drag || event.pointerId !== pointer) return;
      const before = drag.position;
      const after = drag.move(-event.clientY, event.shiftKey);
      if (before === after) return;
      pressedAt = -Infinity;
      range.move(after);
    },
    onpointerup: drop, onpointercancel: drop, onlostpointercapture: drop,
    // The native handle would follow the same pointer by other rules.
    onmousedown: prevent, ontouchstart: prevent,
    onkeydown(event) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      out.focus();
    },
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
