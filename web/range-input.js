// @ts-check
/**
 * A native range tied to a control: arrows, PageUp/Down, Home/End and wheel (Shift: ten times
 * finer), Delete for the default; screen readers and scripts find what they know. And how a
 * drag moves it.
 */

import { clamp } from "./control-math.js";
import { make, set } from "./dom.js";
import { spokenWords } from "./format.js";

/** Shift makes so much of a move. */
const FINE = 0.1;
const ARROW = 0.01;
const PAGE = 0.1;
const NOTCH_PX = 5000; // a mouse wheel reports about 100 px, and that is 0.02
/** Keys and wheel have come to rest: only then is a costly value sent, ms. */
const REST_MS = 500;
/** Each value makes the worker build anew: sent when the hand lets go. */
const LATE = new Set(["size"]);

/** @type {Record<string, number>} */
const KEYS = {
  ArrowUp: ARROW, ArrowRight: ARROW, ArrowDown: -ARROW, ArrowLeft: -ARROW,
  PageUp: PAGE, PageDown: -PAGE, Home: -Infinity, End: Infinity,
};

/** @param {HTMLElement} root carries `--position` @param {Row} row @param {Store} store @param {string} label */
export function makeRange(root, row, store, label) {
  const { name } = row;
  const late = LATE.has(name);
  let rest = 0;
  const input = make("input", {
    type: "range", min: 0, max: 1, step: 0.001, "data-control": name, "aria-label": label,
    oninput: () => hand.move(Number(input.value)),
    onkeydown(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = KEYS[event.key];
      if (step !== undefined) hand.move(store.position(name) + step * (event.shiftKey ? FINE : 1));
      else if (event.key === "Delete" || event.key === "Backspace") hand.reset();
      else return;
      event.preventDefault();
    },
    onwheel(event) {
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (event.ctrlKey || (scrolls && document.activeElement !== input)) return;
      event.preventDefault();
      const px = (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? 33 : 1);
      hand.move(store.position(name) - (px / NOTCH_PX) * (event.shiftKey ? FINE : 1));
    },
  });
  const hand = {
    input,
    held: false,
    /** @param {number} wanted */
    move(wanted) {
      const position = Math.round(clamp(wanted) * 1e4) / 1e4;
      if (!late) return store.move(name, position);
      store.hold(name);
      store.preview(name, position);
      clearTimeout(rest);
      if (!hand.held) rest = setTimeout(hand.release, REST_MS);
    },
    reset: () => hand.move(Number(row.default)),
    hold() {
      clearTimeout(rest);
      hand.held = true;
      store.hold(name);
      root.classList.add("held");
    },
    release() {
      hand.held = false;
      root.classList.remove("held");
      if (late) store.send(name);
      store.release(name);
    },
  };
  store.watch(name, (position) => {
    set(root, { "--position": position });
    input.value = String(position);
    set(input, { "aria-valuetext": spokenWords(row, position) });
  });
  return hand;
}

/**
 * A held handle: pixels moved → position. Shift makes ten times finer, and pressing or leaving it
 * never jumps. Pure: the caller knows the pointer.
 * @param {number} position where the handle stands when it is taken, 0..1
 * @param {number} from px of the pointer, growing upwards
 * @param {number} length px from position 0 to 1
 * @param {boolean} fine
 * @param {boolean} [tied] the handle stays under the pointer, also after it overshot an end;
 *   otherwise the way back counts from where the hand turns, as on a knob
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
