// @ts-check
/**
 * The desk is one stop of the Tab key. Arrows go on from there: left and right along the handles
 * or along the keys, Alt with up and down from the one to the other, where a handle's own up and
 * down turn it.
 */

import { byId, setProps } from "../dom.js";

const STOPS = "[type=range], button, select";

/** @typedef {HTMLInputElement | HTMLButtonElement | HTMLSelectElement} Stop */

const isHandle = (/** @type {Stop} */ stop) => stop.matches("[type=range]");

/** The same of each strip: the same term's handle, or the same letter. @param {Stop} stop */
const likeness = (stop) => `${stop.textContent} ${stop.closest("[data-term]")?.getAttribute("data-term")}`;

/** The one beside it, and from the last the first. @template T @param {readonly T[]} row @param {T} from @param {number} step */
export const beside = (row, from, step) => row.at((row.indexOf(from) + step) % row.length);

/** The nearest one, rather above or below than beside. @param {Stop} from @param {readonly Stop[]} others */
function nearest(from, others) {
  const centre = (/** @type {Stop} */ stop) => {
    const { x, y, width, height } = stop.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x = 0, y = 0] = centre(from);
  const distances = others.map((other) => {
    const [left = 0, top = 0] = centre(other);
    return 4 * Math.abs(left - x) + Math.abs(top - y);
  });
  return others[distances.indexOf(Math.min(...distances))];
}

export function start() {
  const desk = byId("mixer");
  const all = () => /** @type {Stop[]} */ ([...desk.querySelectorAll(STOPS)]);
  const seen = () => all().filter((stop) => !stop.disabled && stop.checkVisibility({ visibilityProperty: true }));

  /** Tab leads there. @param {Stop} [current] */
  function setCurrent(current) {
    for (const stop of all()) stop.tabIndex = stop === current ? 0 : -1;
  }
  /** What Tab led to is no longer shown, or nothing yet. */
  function ensure() {
    const stops = seen();
    if (!stops.some(({ tabIndex }) => tabIndex === 0)) setCurrent(stops.find(isHandle) ?? stops[0]);
  }

  /** @param {Stop} from @param {KeyboardEvent} event */
  function next(from, { key, altKey, ctrlKey, metaKey, shiftKey }) {
    if (shiftKey || metaKey) return;
    const stops = seen();
    const row = stops.filter((stop) => isHandle(stop) === isHandle(from) && (!ctrlKey || likeness(stop) === likeness(from)));
    if (!altKey && key === "ArrowRight") return beside(row, from, 1);
    if (!altKey && key === "ArrowLeft") return beside(row, from, -1);
    const away = altKey || from instanceof HTMLButtonElement;
    return away && (key === "ArrowUp" || key === "ArrowDown") ? nearest(from, stops.filter((stop) => isHandle(stop) !== isHandle(from))) : undefined;
  }

  setProps(desk, {
    "aria-description": "left and right: the next handle; up and down: turn it; Alt with up and down: between handles and keys",
    onfocusin: ({ target }) => target instanceof Element && target.matches(STOPS) && setCurrent(/** @type {Stop} */ (target)),
    // The skip link leads to the desk.
    onfocus: () => seen().find(({ tabIndex }) => tabIndex === 0)?.focus(),
  });
  // Before the handle itself, which left and right would turn.
  desk.addEventListener("keydown", (event) => {
    const { target } = event;
    const stop = target instanceof Element && target.matches(STOPS) && next(/** @type {Stop} */ (target), event);
    if (!stop) return;
    event.preventDefault();
    event.stopPropagation();
    stop.focus();
  }, true);
  setCurrent(seen().find(isHandle));
  desk.addEventListener("click", ensure); // a tab shows others
  new ResizeObserver(ensure).observe(desk);
}
