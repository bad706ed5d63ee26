// @ts-check
/**
 * What the hand can do with a fader or a knob: drag (Shift: ten times finer), wheel, arrows,
 * PageUp/Down, Home/End, double-click or Delete for the default, type the value. Underneath
 * lie native inputs, so keyboards, screen readers and scripts find what they know.
 */

import { clamp } from "./curve.js";
import { Drag, FINE } from "./drag.js";
import { make } from "./element.js";
import { positionTyped, spokenWords, valueWords } from "./words.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

const ARROW = 0.01;
const PAGE = 0.1;
const NOTCH = 0.02; // of a mouse wheel, which reports about 100 px
const DOUBLE_MS = 350;
/** Keys and wheel have come to rest: only then is a costly value sent, ms. */
const REST_MS = 500;

/** @type {Record<string, number>} */
const KEYS = {
  ArrowUp: ARROW, ArrowRight: ARROW, ArrowDown: -ARROW, ArrowLeft: -ARROW,
  PageUp: PAGE, PageDown: -PAGE, Home: -Infinity, End: Infinity,
};

/** @param {number} position */
const rounded = (position) => Math.round(clamp(position) * 1e4) / 1e4;

/**
 * @typedef {object} Hand
 * @property {() => number} travel px from end to end
 * @property {(event: PointerEvent) => number | null} [jump] where a press goes at once; null for
 *   a press on the handle
 * @property {boolean} [late] sent only when let go: each value makes the worker build anew
 */

/**
 * Make the inputs and tie them to the control. `root` carries `--position`.
 * @param {HTMLElement} root
 * @param {Row} row
 * @param {Store} store
 * @param {string} label
 * @param {Hand} hand
 * @returns {{input: HTMLInputElement, out: HTMLInputElement}} `out`: the value in words, to be
 *   placed by the caller
 */
export function makeRange(root, row, store, label, hand) {
  const name = row.name;
  const input = make("input", {
    type: "range", min: "0", max: "1", step: "0.001", "data-control": name, "aria-label": label,
  });
  let rest = 0;
  let holding = false;

  /** @param {number} position */
  function move(position) {
    if (!hand.late) return store.move(name, rounded(position), performance.now());
    store.hold(name);
    store.preview(name, rounded(position));
    clearTimeout(rest);
    if (!holding) rest = setTimeout(settle, REST_MS);
  }
  /** Send what waited for the hand to rest, and let go. */
  function settle() {
    if (hand.late) store.send(name, performance.now());
    store.release(name);
  }

  const out = makeWords(input, row, label, (position) => move(position));
  store.watch(name, (position) => {
    root.style.setProperty("--position", String(position));
    root.classList.toggle("off", position <= 0 && row.curve === "log_off");
    input.value = String(position);
    input.setAttribute("aria-valuetext", spokenWords(row, position));
    if (out.readOnly) out.value = valueWords(row, position);
  });
  out.restore = () => valueWords(row, store.position(name));
  input.addEventListener("input", () => move(Number(input.value)));

  /** @type {Drag | null} */
  let drag = null;
  let pointer = -1;
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
    pointer = event.pointerId;
    input.setPointerCapture(pointer);
    clearTimeout(rest);
    holding = true;
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
    if (!drag || event.pointerId !== pointer) return;
    const before = drag.position;
    const after = drag.move(-event.clientY, event.shiftKey);
    if (before === after) return;
    lastPress = -Infinity;
    move(after);
  });
  /** @param {PointerEvent} event */
  const letGo = (event) => {
    if (!drag || event.pointerId !== pointer) return;
    drag = null;
    holding = false;
    root.classList.remove("held");
    settle();
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
    else if (event.key === "Enter") out.focus();
    else return;
    event.preventDefault();
  });

  return { input, out };
}

/**
 * The value in words, to be read, and to be typed over: a click or Enter on the handle opens
 * it, Enter takes what is typed, Escape leaves it.
 * @param {HTMLInputElement} handle
 * @param {Row} row
 * @param {string} label
 * @param {(position: number) => void} take
 * @returns {HTMLInputElement & {restore: () => string}}
 */
function makeWords(handle, row, label, take) {
  const out = Object.assign(
    make("input", {
      class: "words", readonly: "", tabindex: "-1", autocomplete: "off", spellcheck: "false",
      inputmode: row.curve === "log_off" ? "text" : "decimal", "aria-label": `${label}, typed`,
      title: "click to type a value",
    }),
    { restore: () => "" },
  );
  out.addEventListener("focus", () => {
    out.readOnly = false;
    out.select();
  });
  out.addEventListener("click", () => out.selectionStart === out.selectionEnd && out.select());
  out.addEventListener("blur", () => {
    const position = out.value === out.restore() ? null : positionTyped(row, out.value);
    out.readOnly = true;
    if (position !== null) take(position);
    out.value = out.restore();
    out.setSelectionRange(0, 0);
  });
  out.addEventListener("keydown", (event) => {
    event.stopPropagation(); // letters are typed here, not played
    if (event.key === "Escape") out.value = out.restore();
    else if (event.key !== "Enter") return;
    handle.focus(); // which blurs, which takes
  });
  return out;
}
