// @ts-check
/**
 * Fader, knob and slider. Faders and knobs lay an invisible native range over their drawing: it
 * is dragged (Shift: ten times finer), a double-click brings the default, and the value below
 * can be typed.
 */

import { positionOf, ticks } from "./control-math.js";
import { el, setProps, setText } from "./dom.js";
import { formatValue, parsePosition } from "./format.js";
import { makeDrag, makeRangeInput } from "./range-input.js";

const DOUBLE_CLICK_MS = 350;
/** Drag of a knob from end to end, whatever its size. */
const KNOB_TRAVEL_PX = 180;

/** A vertical fader: slot and cap. @param {ControlRow} row @param {ControlStore} store @param {string} label */
export function makeFader(row, store, label) {
  const cap = el("i", { class: "cap" });
  return makeHandle("fader", row, store, label, {
    travel: (input) => input.offsetHeight - cap.offsetHeight,
    jump({ clientY, currentTarget }) {
      const { top, bottom, height } = cap.getBoundingClientRect();
      if (clientY >= top && clientY <= bottom) return null;
      const range = /** @type {Element} */ (currentTarget).getBoundingClientRect();
      return 1 - (clientY - range.top - height / 2) / (range.height - height);
    },
  }, el("i", { class: "slot" }), cap);
}

/** A knob with a ring of light, turned by pushing up and down. @param {ControlRow} row @param {ControlStore} store @param {string} label */
export const makeKnob = (row, store, label) =>
  makeHandle("knob", row, store, label, { travel: () => KNOB_TRAVEL_PX }, el("i", { class: "ring" }), el("i", { class: "dial" }));

/**
 * A small horizontal slider between two labels: a visible native range.
 * @param {ControlRow} row
 * @param {ControlStore} store
 * @param {string} label for a screen reader
 * @param {string} before
 * @param {string} [after] the value where left out
 */
export function makeSlider(row, store, label, before, after) {
  const root = el("div", { class: "slider", "data-control": row.name, title: row.help });
  const { input, hold, release, reset } = makeRangeInput(root, row, store, label);
  // A factor is a bar from its middle, ×1; anything else one from its lowest value.
  if (row.unit === "times") setProps(root, { "--from": `${100 * positionOf(row, 1)}%` });
  const output = el("output", { "aria-hidden": "true" });
  store.watch(row.name, (position) => setText(output, after ?? formatValue(row, position)));
  setProps(input, { onpointerdown: hold, onpointerup: release, onpointercancel: release, onchange: release, ondblclick: reset });
  root.append(el("span", {}, before), input, output);
  return root;
}

/**
 * @typedef {object} DragGeometry
 * @property {(input: HTMLElement) => number} travel px from end to end
 * @property {(event: PointerEvent) => number | null} [jump] position that a press goes to at
 *   once; null for a press on the cap
 */

/**
 * @param {string} kind fader or knob, the element's class
 * @param {ControlRow} row
 * @param {ControlStore} store
 * @param {string} label
 * @param {DragGeometry} geometry
 * @param {...HTMLElement} parts
 */
function makeHandle(kind, row, store, label, { travel, jump }, ...parts) {
  const root = el("div", { class: kind, "data-control": row.name, "data-term": row.term, title: row.help });
  const range = makeRangeInput(root, row, store, label);
  const { input } = range;
  const valueField = makeValueField(row, store, label, range);
  /** @type {ReturnType<typeof makeDrag> | null} */
  let drag = null;
  let pointer = -1;
  let pressedAt = -Infinity;

  const endDrag = (/** @type {PointerEvent} */ { pointerId }) => {
    if (!drag || pointerId !== pointer) return;
    drag = null;
    range.release();
  };
  const prevent = (/** @type {Event} */ event) => event.preventDefault();
  setProps(input, {
    onpointerdown(event) {
      if (event.button !== 0 || drag) return;
      event.preventDefault();
      input.focus({ preventScroll: true });
      const double = event.timeStamp - pressedAt < DOUBLE_CLICK_MS;
      pressedAt = double ? -Infinity : event.timeStamp;
      if (double) return range.reset();
      pointer = event.pointerId;
      input.setPointerCapture(pointer);
      range.hold();
      // A finger is too blunt for a jump, and a stage too dark: it only ever drags.
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
    onpointerup: endDrag, onpointercancel: endDrag, onlostpointercapture: endDrag,
    // The native thumb would follow the same pointer by rules of its own.
    onmousedown: prevent, ontouchstart: prevent,
    onkeydown(event) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      valueField.focus();
    },
  });

  const marks = ticks(row).map(({ position, value }) =>
    el("i", { class: value === 1 && ["weight", "amount"].includes(row.unit) ? "tick unity" : "tick", "--at": position }));
  root.append(...marks, ...parts, input);
  return { root, input, valueField };
}

/**
 * The value as text: a click, or Enter on the control, starts typing; Enter accepts, Escape
 * cancels.
 * @param {ControlRow} row
 * @param {ControlStore} store
 * @param {string} label
 * @param {ReturnType<typeof makeRangeInput>} range
 */
function makeValueField(row, store, label, { input, move }) {
  const text = () => formatValue(row, store.position(row.name));
  const field = el("input", {
    class: "value", readonly: true, tabindex: -1, autocomplete: "off", spellcheck: "false", title: "click to type a value",
    inputmode: row.curve === "log_off" ? "text" : "decimal", "aria-label": `${label}, typed`,
    onfocus() {
      field.readOnly = false;
      field.select();
    },
    onclick: () => field.selectionStart === field.selectionEnd && field.select(),
    onblur() {
      const position = field.value === text() ? null : parsePosition(row, field.value);
      field.readOnly = true;
      if (position !== null) move(position);
      field.value = text();
    },
    onkeydown(event) {
      event.stopPropagation(); // letters are text here, not shortcuts
      if (event.key === "Escape") field.value = text();
      else if (event.key !== "Enter") return;
      input.focus(); // the blur accepts the value
    },
  });
  store.watch(row.name, () => field.readOnly && (field.value = text()));
  return field;
}
