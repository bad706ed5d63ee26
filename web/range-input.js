// @ts-check
/**
 * A native range bound to a control: arrows, PageUp/Down, Home/End and wheel (Shift: ten times
 * finer), Delete for the default; screen readers and scripts find a standard element. And the
 * arithmetic of a drag.
 */

import { clamp } from "./control-math.js";
import { el, setProps } from "./dom.js";
import { formatAriaValue } from "./format.js";

/** Part of a move that is left with Shift. */
const FINE = 0.1;
const ARROW_STEP = 0.01;
const PAGE_STEP = 0.1;
const WHEEL_RANGE_PX = 5000; // a notch of a mouse wheel is about 100 px: 0.02
/** After the last key or turn of the wheel a costly value is sent, ms. */
const REST_MS = 500;

/** @type {Record<string, number>} */
const STEPS = {
  ArrowUp: ARROW_STEP, ArrowRight: ARROW_STEP, ArrowDown: -ARROW_STEP, ArrowLeft: -ARROW_STEP,
  PageUp: PAGE_STEP, PageDown: -PAGE_STEP, Home: -Infinity, End: Infinity,
};

/** @param {HTMLElement} root gets `--position` and the class `held` @param {ControlRow} row @param {ControlStore} store @param {string} label */
export function makeRangeInput(root, row, store, label) {
  const { name, costly } = row;
  let restTimer = 0;
  const input = el("input", {
    type: "range", min: 0, max: 1, step: 0.001, "data-control": name, "aria-label": label,
    oninput: () => range.move(Number(input.value)),
    onkeydown(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = STEPS[event.key];
      if (step !== undefined) range.move(store.position(name) + step * (event.shiftKey ? FINE : 1));
      else if (event.key === "Delete" || event.key === "Backspace") range.reset();
      else return;
      event.preventDefault();
    },
    onwheel(event) {
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (event.ctrlKey || (scrolls && document.activeElement !== input)) return;
      event.preventDefault();
      const px = (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? 33 : 1);
      range.move(store.position(name) - (px / WHEEL_RANGE_PX) * (event.shiftKey ? FINE : 1));
    },
  });
  const range = {
    input,
    held: false,
    /** @param {number} wanted */
    move(wanted) {
      const position = Math.round(clamp(wanted) * 1e4) / 1e4;
      if (!costly) return store.move(name, position);
      store.hold(name);
      store.preview(name, position);
      clearTimeout(restTimer);
      if (!range.held) restTimer = setTimeout(range.release, REST_MS);
    },
    reset: () => range.move(Number(row.default)),
    hold() {
      clearTimeout(restTimer);
      range.held = true;
      store.hold(name);
      root.classList.add("held");
    },
    release() {
      range.held = false;
      root.classList.remove("held");
      if (costly) store.queue(name);
      store.release(name);
    },
  };
  store.watch(name, (position) => {
    setProps(root, { "--position": position });
    input.value = String(position);
    setProps(input, { "aria-valuetext": formatAriaValue(row, position) });
  });
  return range;
}

/**
 * A drag: pixels moved → position. Shift makes it ten times finer, and pressing or releasing
 * Shift never jumps. Pure: the caller reads the pointer.
 * @param {number} position at the start, 0..1
 * @param {number} from px of the pointer, growing upwards
 * @param {number} length px from position 0 to 1
 * @param {boolean} fine Shift is down
 * @param {boolean} [tied] the cap stays under the pointer, also after it overshot an end;
 *   otherwise the way back counts from where the pointer turns, as on a knob
 */
export function makeDrag(position, from, length, fine, tied = false) {
  let anchor = position;
  return {
    get position() {
      return position;
    },

    /** The new position. @param {number} px @param {boolean} finer */
    move(px, finer) {
      if (finer !== fine) [from, anchor, fine] = [px, position, finer];
      const wanted = anchor + ((px - from) / Math.max(1, length)) * (fine ? FINE : 1);
      position = clamp(wanted);
      if (wanted !== position && !tied) [from, anchor] = [px, position];
      return position;
    },
  };
}
