// @ts-check
/**
 * The tools under the painting: zoom, compare it with its pictures or a kept moment, save it.
 */

import { button, byId, el, setPressed } from "../dom.js";
import { onShortcut } from "../shortcuts.js";
import { makeComparison } from "./compare.js";
import { makePanZoom } from "./pan-zoom.js";
import { fetchPng } from "./png-state.js";

const ZOOM_STEP = 1.25;
const PAN_PX = 60;

/** @param {Page} page */
export function start(page) {
  const stage = byId("stage");
  const zoom = makePanZoom(stage, byId("picture", HTMLCanvasElement));
  const comparison = makeComparison(page);
  const saveButton = button("save", save, { title: "save the painting in full size as PNG, its state inside (Ctrl S)" });
  /** @param {boolean} fill */
  function setFill(fill) {
    zoom.setFill(fill);
    localStorage.setItem("view", fill ? "fill" : "fit");
    for (const view of views) setPressed(view, (view.textContent === "fill") === fill);
  }
  const views = [
    button("fill", () => setFill(true), { title: "fill the window with it (w)" }),
    button("fit", () => setFill(false), { title: "see all of it (w)" }),
  ];
  setFill(localStorage.getItem("view") !== "fit");
  byId("stage-tools").append(
    el(
      "div", { class: "closer" }, ...views,
      button("1:1", zoom.actualSize, { title: "a pixel is a pixel (z)" }), zoom.output,
    ),
    el("div", { role: "group", "aria-label": "compare with" }, el("span", {}, "compare"), ...comparison.buttons),
    el(
      "div", {}, button("keep", comparison.keep, { title: "keep this moment, to compare with and to come back to (Shift B)" }), saveButton,
      el("a", { href: "stage", target: "styletune-stage", title: "only the picture, for a projector" }, "stage"),
    ),
  );

  async function save() {
    saveButton.disabled = true;
    const png = await fetchPng(page.showNotice);
    saveButton.disabled = false;
    if (!png) return;
    el("a", { href: png.url, download: png.name }).click();
    setTimeout(() => URL.revokeObjectURL(png.url), 60_000);
  }

  const zoomIn = () => zoom.zoomBy(ZOOM_STEP);
  const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => zoom.panBy(x * PAN_PX, y * PAN_PX);
  /** @type {Record<string, () => void>} */
  const keys = {
    z: zoom.toggle, "+": zoomIn, "=": zoomIn, "-": () => zoom.zoomBy(1 / ZOOM_STEP), B: comparison.keep,
    w: () => setFill(!stage.classList.contains("fill")),
  };
  /** @type {Record<string, () => void>} */
  const arrows = { ArrowLeft: pan(1, 0), ArrowRight: pan(-1, 0), ArrowUp: pan(0, 1), ArrowDown: pan(0, -1) };
  onShortcut((event) => {
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
    if (key === "Escape") comparison.hide(); // and the browser closes what is open
    const modified = ctrlKey || metaKey;
    const pans = target instanceof Element && target.matches("body, #stage *, #stage-tools *") && stage.classList.contains("zoomed");
    const action = modified ? key === "s" && save : ((pans && arrows[key]) || keys[key]);
    if (altKey || (modified && !action)) return false;
    if (action) action();
    return Boolean(action) || (!repeat && comparison.onKeyDown(event));
  });
}
