// @ts-check
/**
 * What the hand can do with a fader or a knob: drag (Shift: ten times finer), wheel, arrows,
 * PageUp/Down, Home/End, double-click or Delete for the default. Underneath lies a native
 * range input, so keyboards, screen readers and scripts find what they know.
 */

import { clamp } from "./curve.js";
import { Drag, FINE } from "./drag.js";
import { spokenWords, valueWords } from "./words.js";
import { make, say } from "./element.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

const ARROW = 0.01;
const PAGE = 0.1;
const NOTCH = 0.02; // of a mouse wheel, which reports about 100 px
const DOUBLE_MS = 350;

/** @type {Record<string, number>} */
const KEYS = {
  ArrowUp: ARROW, ArrowRight: ARROW, ArrowDown: -ARROW, ArrowLeft: -ARROW,
  PageUp: PAGE, PageDown: -PAGE, Home: -Infinity, End: Infinity,
};

/** @param {number} position */
const rounded = (position) => Math.round(clamp(position) * 1e4) / 1e4;

/**
 * @typedef {object} Range
 * @property {HTMLInputElement} input
 * @property {HTMLOutputElement} out the value in words, to be placed by the caller
 */

/**
 * Make the input and its words, and tie them to the control. `root` carries `--position`.
 * @param {HTMLElement} root
 * @param {Row} row
 * @param {Store} store
 * @param {string} label
 * @param {{travel: () => number, jump?: (event: PointerEvent) => number | null}} hand
 *   `travel`: px from end to end; `jump`: where a press goes at once, null for a press on
 *   the handle
 * @returns {Range}
 */
export function makeRange(root, row, store, label, hand) {
  const name = row.name;
  const input = make("input", {
    type: "range", min: "0", max: "1", step: "0.001", "data-control": name, "aria-label": label,
  });
  const out = make("output", { class: "words", "aria-hidden": "true" });

  store.watch(name, (position) => {
    root.style.setProperty("--position", String(position));
    root.classList.toggle("off", position <= 0 && row.curve === "log_off");
    input.value = String(position);
    input.setAttribute("aria-valuetext", spokenWords(row, position));
    say(out, valueWords(row, position));
  });

  /** @param {number} position */
  const move = (position) => store.move(name, rounded(position), performance.now());

  input.addEventListener("input", () => move(Number(input.value)));

  /** @type {Drag | null} */
  let drag = null;
  let lastPress = -Infinity;

  input.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drag) return;
    event.preventDefault();
    input.focus({ preventScroll: true });
    if (event.timeStamp - lastPress < DOUBLE_MS) {
      lastPress = -Infinity;
      move(Number(row.default));
      return;
    }
    lastPress = event.timeStamp;
    input.setPointerCapture(event.pointerId);
    store.hold(name);
    root.classList.add("held");
    // A finger is too blunt to mean a place, and a stage too dark: it only ever pushes.
    const target = event.pointerType === "touch" ? null : (hand.jump?.(event) ?? null);
    if (target !== null) move(target);
    drag = new Drag(
      store.position(name), -event.clientY, hand.travel(), event.shiftKey, hand.jump !== undefined,
    );
  });
  input.addEventListener("pointermove", (event) => {
    if (!drag || !input.hasPointerCapture(event.pointerId)) return;
    const before = drag.position;
    const after = drag.move(-event.clientY, event.shiftKey);
    if (before === after) return;
    lastPress = -Infinity;
    move(after);
  });
  const letGo = () => {
    if (!drag) return;
    drag = null;
    root.classList.remove("held");
    store.release(name);
  };
  input.addEventListener("pointerup", letGo);
  input.addEventListener("pointercancel", letGo);
  input.addEventListener("lostpointercapture", letGo);
  // The native handle would follow the same pointer by other rules.
  for (const type of ["mousedown", "touchstart"]) {
    input.addEventListener(type, (event) => event.preventDefault(), { passive: false });
  }

  input.addEventListener(
    "wheel",
    (event) => {
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (event.ctrlKey || (scrolls && document.activeElement !== input)) return;
      event.preventDefault();
      const px = (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? 33 : 1);
      move(store.position(name) - (px / 100) * NOTCH * (event.shiftKey ? FINE : 1));
    },
    { passive: false },
  );

  input.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    if (step !== undefined) move(store.position(name) + step * (event.shiftKey ? FINE : 1));
    else if (event.key === "Delete" || event.key === "Backspace") move(Number(row.default));
    else return;
    event.preventDefault();
  });

  return { input, out };
}
