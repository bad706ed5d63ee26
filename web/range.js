// @ts-check
/**
 * A native range tied to a control: arrows, PageUp/Down, Home/End and wheel (Shift: ten times
 * finer), Delete for the default; screen readers and scripts find what they know.
 */

import { clamp } from "./curve.js";
import { FINE } from "./drag.js";
import { make, set } from "./element.js";
import { spokenWords } from "./words.js";

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
