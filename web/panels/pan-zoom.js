// @ts-check
/**
 * Look closer at the painting: zoom and pan by wheel, pinch and drag.
 */

import { clamp } from "../control-math.js";
import { make, say, set } from "../dom.js";

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{scale: number, x: number, y: number}} View scale 1: as it fits; x, y: its middle */
/**
 * @typedef {object} Room
 * @property {Point} size of the picture as it fits
 * @property {Point} stage
 * @property {number} one scale at which a pixel of the picture is one of the screen
 */

/** From so many screen pixels a pixel on, one wants to see the pixels. */
const COARSE = 5;
const MIDDLE = { x: 0, y: 0 };
/** @type {View} */
export const FIT = { scale: 1, x: 0, y: 0 };
/** Screen pixels of one pixel of the picture, at most. */
const MOST = 16;

/** Neither lost in the dark nor larger than of use; smaller than the stage, it stays in it. @param {View} view @param {Room} room @returns {View} */
export function held({ scale, x, y }, { size, stage, one }) {
  const s = Math.min(Math.max(scale, Math.min(1, one)), Math.max(4, MOST * one));
  const near = (/** @type {number} */ at, /** @type {"x" | "y"} */ way) => {
    const spare = Math.abs(size[way] * s - stage[way]) / 2;
    return (2 * clamp(at / (2 * (spare || 1)) + 0.5) - 1) * spare;
  };
  return s === 1 ? FIT : { scale: s, x: near(x, "x"), y: near(y, "y") };
}

/** Grow or shrink round a point, which stays where it is. @param {View} view @param {number} factor @param {Point} at @param {Room} room */
export function zoomed(view, factor, at, room) {
  const { scale } = held({ ...view, scale: view.scale * factor }, room);
  const by = scale / view.scale;
  return held({ scale, x: at.x + (view.x - at.x) * by, y: at.y + (view.y - at.y) * by }, room);
}

/** Two fingers carry what lies under them. @param {View} view @param {[Point, Point]} before @param {[Point, Point]} after @param {Room} room */
export function pinched(view, before, after, room) {
  const [from, to] = [middle(before), middle(after)];
  const grown = zoomed(view, apart(after) / Math.max(1, apart(before)), from, room);
  return held({ ...grown, x: grown.x + to.x - from.x, y: grown.y + to.y - from.y }, room);
}

/** @param {[Point, Point]} points */
const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
/** @param {[Point, Point]} points */
const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);

/** @param {HTMLElement} stage @param {HTMLCanvasElement} canvas */
export function look(stage, canvas) {
  const out = make("output", { title: "screen pixels for one of the painting" });
  let view = FIT;
  /** @type {Map<number, Point>} pointers that are down */
  const down = new Map();
  const room = () => ({
    size: { x: canvas.offsetWidth, y: canvas.offsetHeight },
    stage: { x: stage.clientWidth, y: stage.clientHeight },
    one: canvas.width / canvas.offsetWidth / devicePixelRatio,
  });
  /** @param {typeof view} next */
  function show(next) {
    view = next;
    const px = view.scale / room().one;
    set(stage, { "--scale": view.scale, "--x": `${view.x}px`, "--y": `${view.y}px` });
    stage.classList.toggle("zoomed", view !== FIT);
    stage.classList.toggle("coarse", px >= COARSE);
    say(out, `${Math.round(100 * px)} %`);
  }
  /** Counted from where the picture's middle would be. @param {MouseEvent} event */
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: clientX - left - width / 2 + view.x, y: clientY - top - height / 2 + view.y };
  };
  const ours = (/** @type {Event} */ { target }) => target instanceof Element && target.matches("#stage, #picture, #other");
  /** @param {number} x @param {number} y */
  const pan = (x, y) => show(held({ ...view, x: view.x + x, y: view.y + y }, room()));
  const toggle = (point = MIDDLE) => show(view === FIT ? zoomed(view, Math.max(room().one, 2), point, room()) : FIT);

  const lift = (/** @type {PointerEvent} */ { pointerId }) => down.delete(pointerId);

  set(stage, {
    onwheel(event) {
      // Where the page scrolls, the wheel is for that; with Ctrl, or a pinch, it is for the picture.
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (!ours(event) || (scrolls && !event.ctrlKey)) return;
      event.preventDefault();
      const px = event.deltaY * (event.deltaMode === 1 ? 33 : 1);
      show(zoomed(view, Math.exp(-px * (event.ctrlKey ? 0.01 : 0.0015)), at(event), room()));
    },
    onpointerdown(event) {
      if (event.button !== 0 || !ours(event)) return;
      down.set(event.pointerId, at(event));
      if (view !== FIT || down.size > 1) stage.setPointerCapture(event.pointerId);
    },
    onpointermove(event) {
      const before = down.get(event.pointerId);
      if (!before) return;
      const now = at(event);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      if (other) show(pinched(view, [before, other], [now, other], room()));
      else if (view !== FIT) pan(now.x - before.x, now.y - before.y);
    },
    onpointerup: lift, onpointercancel: lift, onlostpointercapture: lift,
    ondblclick: (event) => ours(event) && toggle(at(event)),
  });
  new ResizeObserver(() => show(view === FIT ? FIT : held(view, room()))).observe(stage);
  new MutationObserver(() => show(view)).observe(canvas, { attributeFilter: ["width", "height"] });
  return {
    out, pan,
    toggle: () => toggle(),
    fit: () => show(FIT),
    one: () => show(held({ ...view, scale: room().one }, room())),
    by: (/** @type {number} */ factor) => show(zoomed(view, factor, MIDDLE, room())),
  };
}
