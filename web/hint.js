// @ts-check
/**
 * What a strip governs, told while the pointer rests on its head or its bars: how far the
 * layer sees, drawn over the painting in its true size, and its losses as they are now.
 */

import { byId, make, style } from "./element.js";
import { governs, receptiveField, tells } from "./layers.js";
import { lossWords, shareWords, weightWords } from "./words.js";

const REST_MS = 350;
const TERMS = /** @type {const} */ (["style", "content"]);

/** @param {import("./types.js").Page} page */
export function start(page) {
  style("chart.css");
  const square = make("i", { class: "reach", "aria-hidden": "true", hidden: "" });
  const text = make("div", { id: "hint", role: "tooltip", hidden: "" });
  byId("stage", HTMLElement).append(square);
  document.body.append(text);
  let network = "";
  /** @type {import("./types.js").Epoch | null} */
  let epoch = null;
  /** @type {HTMLElement | null} */
  let strip = null;
  let timer = 0;
  page.hear("snapshot", (snapshot) => (network = snapshot.state.network ?? ""));
  page.hear("epoch", (message) => {
    epoch = message;
    if (!text.hidden && strip) fill(strip.dataset.layer ?? "");
  });

  const desk = byId("strips", HTMLDivElement);
  desk.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch" || !(target instanceof Element)) return;
    const meant = target.closest("header, .meter")?.closest(".strip");
    if (meant === strip) return;
    clear();
    if (!(meant instanceof HTMLElement)) return;
    strip = meant;
    timer = setTimeout(show, REST_MS);
  });
  desk.addEventListener("pointerleave", clear);
  desk.addEventListener("pointerdown", clear);
  addEventListener("keydown", ({ key }) => key === "Escape" && clear());

  function clear() {
    clearTimeout(timer);
    strip = null;
    text.hidden = square.hidden = true;
  }

  function show() {
    const layer = strip?.dataset.layer;
    if (!strip || !layer) return;
    fill(layer);
    text.hidden = false;
    const box = strip.getBoundingClientRect();
    const left = box.left + box.width / 2 - text.offsetWidth / 2;
    text.style.left = `${Math.max(8, Math.min(innerWidth - text.offsetWidth - 8, left))}px`;
    text.style.top = `${box.top - text.offsetHeight - 6}px`;
    const side = receptiveField(layer, network);
    const picture = byId("picture", HTMLCanvasElement);
    if (side === null || !epoch) return;
    // The canvas may be zoomed: measured, not computed.
    const px = side * (picture.getBoundingClientRect().width / picture.width);
    square.style.width = square.style.height = `${px}px`;
    square.hidden = false;
  }

  /** @param {string} layer */
  function fill(layer) {
    const side = receptiveField(layer, network);
    const loss = epoch?.losses.find((one) => one.layer === layer);
    const rows = TERMS.map((term) => make(
      "tr",
      { "data-term": term },
      make("th", {}, term),
      ...(loss ? [lossWords(loss[term].raw), weightWords(loss[term].weight), shareWords(loss[term].share)] : [])
        .map((words) => make("td", {}, words)),
    ));
    const heads = ["", "raw loss", "weight", "share"].map((words) => make("th", {}, words));
    text.replaceChildren(
      make("h3", {}, governs(side)),
      ...TERMS.map((term) => make("p", { "data-term": term }, make("b", {}, term), ` ${tells(term, layer, side)}`)),
      make("p", {}, side === null ? "" : `${layer} sees ${side} × ${side} px at a time: the square in the picture.`),
      make("table", {}, make("tr", {}, ...heads), ...rows),
    );
  }
}
