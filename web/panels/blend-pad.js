// @ts-check
/**
 * A pad with a style in each corner: the puck between them sets the share of each, all of a drag
 * as one step of undo. Two styles have a line.
 */

import { clamp } from "../control-math.js";
import { el, setProps } from "../dom.js";
import { makeDrag } from "../range-input.js";
import { blendControls, blendPositions, MAX_STYLES, pointOf, sharesAt, styleShares } from "./blend-math.js";

const STEP = 0.02;
const FINE = 0.1;
/** @type {Record<string, [x: number, y: number]>} */
const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** @param {ControlStore} store */
export function makeBlendPad(store) {
  let styles = 1;
  /** @type {{x: ReturnType<typeof makeDrag>, y: ReturnType<typeof makeDrag>, pointer: number} | null} */
  let drag = null;
  const corners = el("div", { class: "corners", "aria-hidden": "true" });
  const root = el("div", {
    class: "pad", role: "slider", tabindex: 0, "aria-label": "blend of the styles", "aria-valuemin": 0, "aria-valuemax": 100,
    title: "drag between the styles: how much of each is in the blend",
    onpointerdown(event) {
      if (event.button !== 0 || drag) return;
      event.preventDefault();
      root.focus({ preventScroll: true });
      root.setPointerCapture(event.pointerId);
      for (const name of blendControls(styles)) store.hold(name);
      const { left, top, width, height } = root.getBoundingClientRect();
      // As on the faders a mouse jumps, and a finger drags.
      if (event.pointerType !== "touch") move({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
      const { x, y } = point();
      drag = {
        x: makeDrag(x, event.clientX, width, event.shiftKey, true),
        y: makeDrag(y, event.clientY, height, event.shiftKey, true),
        pointer: event.pointerId,
      };
    },
    onpointermove({ pointerId, clientX, clientY, shiftKey }) {
      if (drag?.pointer === pointerId) move({ x: drag.x.move(clientX, shiftKey), y: drag.y.move(clientY, shiftKey) });
    },
    onpointerup: end, onpointercancel: end, onlostpointercapture: end,
    onkeydown(event) {
      const [x, y] = KEYS[event.key] ?? [0, 0];
      if (event.ctrlKey || event.metaKey || event.altKey || !(x || y)) return;
      event.preventDefault();
      const [at, part] = [point(), event.shiftKey ? FINE : 1];
      move({ x: at.x + (styles === 2 ? x - y : x) * part, y: at.y + y * part });
    },
  }, corners, el("i", { class: "puck" }));
  for (const name of blendControls(MAX_STYLES)) store.watch(name, show);

  /** Where the puck is. */
  const point = () => pointOf(styleShares(store.position, styles));

  /** @param {import("./blend-math.js").Point} to */
  function move({ x, y }) {
    for (const [name, position] of Object.entries(blendPositions(sharesAt({ x: clamp(x), y: clamp(y) }, styles)))) {
      store.move(name, Math.round(position * 1e4) / 1e4);
    }
  }

  /** @param {PointerEvent} event */
  function end({ pointerId }) {
    if (drag?.pointer !== pointerId) return;
    drag = null;
    for (const name of blendControls(styles)) store.release(name);
  }

  function show() {
    if (styles < 2) return;
    const shares = styleShares(store.position, styles);
    const { x, y } = pointOf(shares);
    const percent = shares.map((share) => Math.round(100 * share));
    setProps(root, {
      "--x": x, "--y": y, "aria-valuenow": percent[0], "aria-valuetext": percent.map((share, index) => `${"ABCD"[index]} ${share} %`).join(", "),
    });
  }

  return {
    root,
    /** @param {readonly string[]} pictures addresses of the styles' */
    setStyles(pictures) {
      styles = pictures.length;
      root.hidden = styles < 2;
      root.dataset.styles = String(styles);
      corners.replaceChildren(...pictures.map((src, index) => el("b", {}, el("img", { src, alt: "", draggable: "false" }), "ABCD"[index] ?? "")));
      show();
    },
  };
}
