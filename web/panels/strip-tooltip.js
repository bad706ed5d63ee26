// @ts-check
/**
 * What a strip governs, told while the pointer rests on its head or its bars: how far the
 * layer sees, drawn over the painting in its true size, and its losses as they are now.
 */

import { byId, make, putAbove, set } from "../dom.js";
import { governs, receptiveField, tells } from "../layers.js";
import { lossWords, shareWords, weightWords } from "../format.js";

const REST_MS = 350;

/** @param {Page} page */
export function start({ hear, network }) {
  const square = make("i", { class: "reach", "aria-hidden": "true", hidden: true });
  const text = make("div", { id: "hint", role: "tooltip", hidden: true });
  byId("stage").append(square);
  document.body.append(text);
  /** @type {Epoch | null} */
  let epoch = null;
  /** @type {HTMLElement | null} */
  let strip = null;
  let timer = 0;
  hear("epoch", (message) => {
    epoch = message;
    if (!text.hidden) fill();
  });

  set(byId("strips"), {
    onpointerover({ target, pointerType }) {
      const head = target instanceof Element && pointerType !== "touch" && target.closest("header, .meter");
      const meant = head ? /** @type {HTMLElement | null} */ (head.closest(".strip")) : null;
      if (meant === strip) return;
      clear();
      strip = meant;
      if (meant) timer = setTimeout(show, REST_MS);
    },
    onpointerleave: clear, onpointerdown: clear,
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && clear());

  function clear() {
    clearTimeout(timer);
    strip = null;
    text.hidden = square.hidden = true;
  }

  function show() {
    if (!strip) return;
    const side = fill();
    text.hidden = false;
    putAbove(text, strip);
    const picture = byId("picture", HTMLCanvasElement);
    if (side === null || !epoch) return;
    // The canvas may be zoomed: measured, not computed.
    const px = side * (picture.getBoundingClientRect().width / picture.width);
    square.style.width = square.style.height = `${px}px`;
    square.hidden = false;
  }

  function fill() {
    const layer = strip?.dataset.layer ?? "";
    const side = receptiveField(layer, network());
    const losses = epoch?.losses.find((one) => one.layer === layer);
    const lines = /** @type {const} */ (["style", "content"]).flatMap((term) => {
      const { raw = NaN, weight = 0, share = 0 } = losses?.[term] ?? {};
      const now = `loss ${lossWords(raw)} ${weightWords(weight)}, ${shareWords(share)} of all`;
      return [make("p", { "data-term": term }, make("b", {}, term), ` ${tells(term, layer, side)}`), make("p", {}, now)];
    });
    const reach = side === null ? "" : `${layer} sees ${side} × ${side} px at a time: the square in the picture.`;
    text.replaceChildren(make("h3", {}, governs(side)), ...lines, make("p", {}, reach));
    return side;
  }
}
