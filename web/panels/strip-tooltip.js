// @ts-check
/**
 * The tooltip of a channel strip, while the pointer rests on its header or meters: its effect,
 * its receptive field as a square over the painting in true size, and its current losses.
 */

import { byId, el, placeAbove, setProps } from "../dom.js";
import { formatLoss, formatShare, formatWeight } from "../format.js";
import { stripOrder } from "../channel-strip.js";
import { describe } from "../layers.js";

const REST_MS = 350;

/** @param {Page} page */
export function start({ on, layers, layerTerms, names: { nameOf, layerOf } }) {
  const square = el("i", { class: "reach", "aria-hidden": "true", hidden: true });
  const tooltip = el("div", { id: "strip-tooltip", role: "tooltip", hidden: true });
  byId("stage").append(square);
  document.body.append(tooltip);
  /** @type {EpochMessage | null} */
  let epoch = null;
  /** @type {HTMLElement | null} */
  let strip = null;
  let timer = 0;
  on("epoch", (message) => {
    epoch = message;
    if (!tooltip.hidden) fill();
  });

  setProps(byId("strips"), {
    onpointerover({ target, pointerType }) {
      const part = target instanceof Element && pointerType !== "touch" && target.closest("header, .meter");
      const next = part ? /** @type {HTMLElement | null} */ (part.closest(".strip")) : null;
      if (next === strip) return;
      hide();
      strip = next;
      if (next) timer = setTimeout(show, REST_MS);
    },
    onpointerleave: hide, onpointerdown: hide,
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && hide());

  function hide() {
    clearTimeout(timer);
    strip = null;
    tooltip.hidden = square.hidden = true;
  }

  function show() {
    if (!strip) return;
    const layer = fill();
    tooltip.hidden = false;
    placeAbove(tooltip, strip);
    const picture = byId("picture", HTMLCanvasElement);
    if (!layer || !epoch) return;
    // The canvas may be zoomed: measured, not computed.
    const px = layer.field_px * (picture.getBoundingClientRect().width / picture.width);
    square.style.width = square.style.height = `${px}px`;
    square.hidden = false;
  }

  /** Write the text; return the layer. */
  function fill() {
    const layer = layers.find(({ name }) => name === strip?.dataset.layer);
    if (!layer) return;
    const { name, field_px } = layer;
    const losses = epoch?.losses.find((one) => one.layer === name);
    const lines = stripOrder(layerTerms).flatMap((term) => {
      const { raw = NaN, weight = 0, share = 0 } = losses?.[term.name] ?? {};
      const now = `loss ${formatLoss(raw)} ${formatWeight(weight)}, ${formatShare(share)} of all`;
      return [el("p", { "data-term": term.name }, el("b", {}, term.name), ` ${describe(term, layer)}`), el("p", {}, now)];
    });
    const reach = `${layerOf(name)} sees ${field_px} × ${field_px} px at a time: the square in the picture.`;
    tooltip.replaceChildren(el("h3", {}, nameOf(name)), ...lines, el("p", {}, reach));
    return layer;
  }
}
