// @ts-check
/**
 * Zoom and pan the painting by wheel, pinch and drag. The arithmetic is pure: px of the stage,
 * counted from its middle.
 */

import { clamp } from "../control-math.js";
import { el, setProps, setText } from "../dom.js";

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{scale: number, x: number, y: number}} View scale 1: as it fits; x, y: its middle */
/**
 * @typedef {object} Layout
 * @property {Point} size of the picture as it fits
 * @property {Point} stage
 * @property {number} pixelScale scale at which a pixel of the picture is one of the screen
 */

/** @type {View} */
export const FIT = { scale: 1, x: 0, y: 0 };
/** Screen pixels of one pixel of the picture, at most. */
const MAX_PIXEL_PX = 16;
/** From so many on, pixels are shown as squares. */
const SQUARE_PIXEL_PX = 5;
const MIDDLE = { x: 0, y: 0 };

/** Limit the scale, and keep the picture on the stage. @param {View} view @param {Layout} layout @returns {View} */
export function clampView({ scale, x, y }, { size, stage, pixelScale }) {
  const s = Math.min(Math.max(scale, Math.min(1, pixelScale)), Math.max(4, MAX_PIXEL_PX * pixelScale));
  const limit = (/** @type {number} */ at, /** @type {"x" | "y"} */ axis) => {
    const slack = Math.abs(size[axis] * s - stage[axis]) / 2;
    return (2 * clamp(at / (2 * (slack || 1)) + 0.5) - 1) * slack;
  };
  return s === 1 ? FIT : { scale: s, x: limit(x, "x"), y: limit(y, "y") };
}

/** Zoom about a point, which stays where it is. @param {View} view @param {number} factor @param {Point} at @param {Layout} layout */
export function zoomAt(view, factor, at, layout) {
  const { scale } = clampView({ ...view, scale: view.scale * factor }, layout);
  const by = scale / view.scale;
  return clampView({ scale, x: at.x + (view.x - at.x) * by, y: at.y + (view.y - at.y) * by }, layout);
}

/** Zoom and pan by two fingers. @param {View} view @param {[Point, Point]} before @param {[Point, Point]} after @param {Layout} layout */
export function pinch(view, before, after, layout) {
  const [from, to] = [midpoint(before), midpoint(after)];
  const zoomed = zoomAt(view, distance(after) / Math.max(1, distance(before)), from, layout);
  return clampView({ ...zoomed, x: zoomed.x + to.x - from.x, y: zoomed.y + to.y - from.y }, layout);
}

/** @param {[Point, Point]} points */
const midpoint = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
/** @param {[Point, Point]} points */
const distance = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);

/** @param {HTMLElement} stage @param {HTMLCanvasElement} canvas */
export function makePanZoom(stage, canvas) {
  const output = el("output", { title: "screen pixels for one of the painting" });
  let view = FIT;
  /** @type {Map<number, Point>} pointers that are down, by id */
  const pointers = new Map();
  const layout = () => ({
    size: { x: canvas.offsetWidth, y: canvas.offsetHeight },
    stage: { x: stage.clientWidth, y: stage.clientHeight },
    pixelScale: canvas.width / canvas.offsetWidth / devicePixelRatio,
  });
  /** @param {View} next */
  function show(next) {
    view = next;
    const px = view.scale / layout().pixelScale;
    setProps(stage, { "--scale": view.scale, "--x": `${view.x}px`, "--y": `${view.y}px` });
    stage.classList.toggle("zoomed", view !== FIT);
    stage.classList.toggle("coarse", px >= SQUARE_PIXEL_PX);
    setText(output, `${Math.round(100 * px)} %`);
  }
  /** The pointer, counted from the middle of the stage. @param {MouseEvent} event */
  const pointOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: clientX - left - width / 2 + view.x, y: clientY - top - height / 2 + view.y };
  };
  const isOnStage = (/** @type {Event} */ { target }) => target instanceof Element && target.matches("#stage, #picture, #other");
  /** @param {number} x @param {number} y */
  const panBy = (x, y) => show(clampView({ ...view, x: view.x + x, y: view.y + y }, layout()));
  const toggle = (at = MIDDLE) => show(view === FIT ? zoomAt(view, Math.max(layout().pixelScale, 2), at, layout()) : FIT);

  const lift = (/** @type {PointerEvent} */ { pointerId }) => pointers.delete(pointerId);

  setProps(stage, {
    onwheel(event) {
      // Where the page scrolls, the wheel is for that; with Ctrl, or a pinch, it is for the picture.
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (!isOnStage(event) || (scrolls && !event.ctrlKey)) return;
      event.preventDefault();
      const px = event.deltaY * (event.deltaMode === 1 ? 33 : 1);
      show(zoomAt(view, Math.exp(-px * (event.ctrlKey ? 0.01 : 0.0015)), pointOf(event), layout()));
    },
    onpointerdown(event) {
      if (event.button !== 0 || !isOnStage(event)) return;
      pointers.set(event.pointerId, pointOf(event));
      if (view !== FIT || pointers.size > 1) stage.setPointerCapture(event.pointerId);
    },
    onpointermove(event) {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = pointOf(event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (other) show(pinch(view, [before, other], [now, other], layout()));
      else if (view !== FIT) panBy(now.x - before.x, now.y - before.y);
    },
    onpointerup: lift, onpointercancel: lift, onlostpointercapture: lift,
    ondblclick: (event) => isOnStage(event) && toggle(pointOf(event)),
  });
  new ResizeObserver(() => show(view === FIT ? FIT : clampView(view, layout()))).observe(stage);
  new MutationObserver(() => show(view)).observe(canvas, { attributeFilter: ["width", "height"] });
  return {
    output, panBy,
    toggle: () => toggle(),
    /** All of the picture, between the controls; or the window filled with it. @param {boolean} fill */
    setFill(fill) {
      stage.classList.toggle("fill", fill);
      show(FIT);
    },
    actualSize: () => show(clampView({ ...view, scale: layout().pixelScale }, layout())),
    zoomBy: (/** @type {number} */ factor) => show(zoomAt(view, factor, MIDDLE, layout())),
  };
}
