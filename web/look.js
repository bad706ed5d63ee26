// @ts-check
/**
 * Look closer at the painting: zoom and pan by wheel, pinch and drag.
 */

import { make, say, set } from "./element.js";
import { FIT, held, pinched, zoomed } from "./zoom.js";

/** @typedef {import("./zoom.js").Point} Point */

/** From so many screen pixels a pixel on, one wants to see the pixels. */
const COARSE = 5;
const MIDDLE = { x: 0, y: 0 };

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
