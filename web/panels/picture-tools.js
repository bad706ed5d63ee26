// @ts-check
/**
 * What one does with the painting besides painting: look closer, compare it with its pictures
 * or with a moment that was kept, save it. A panel, loaded after the first picture.
 */

import { comparing } from "./compare.js";
import { button, byId, make } from "../dom.js";
import { onKey } from "../shortcuts.js";
import { look } from "./pan-zoom.js";
import { picture } from "./png-state.js";

const STEP = 1.25;
const PAN_PX = 60;

/** @param {Page} page */
export function start(page) {
  const stage = byId("stage");
  const zoom = look(stage, byId("picture", HTMLCanvasElement));
  const compare = comparing(page);
  const save = button("save", saved, { title: "save the painting in full size as PNG, its state inside (Ctrl S)" });
  byId("stage-tools").append(
    make("div", { class: "closer" }, button("fit", zoom.fit, { title: "see all of it (z)" }), button("1:1", zoom.one, { title: "a pixel is a pixel (z)" }), zoom.out),
    make("div", { role: "group", "aria-label": "compare with" }, make("span", {}, "compare"), ...compare.buttons),
    make(
      "div", {}, button("keep", compare.keep, { title: "keep this moment, to compare with and to come back to (Shift B)" }), save,
      make("a", { href: "stage", target: "styletune-stage", title: "only the picture, for a projector" }, "stage"),
    ),
  );

  async function saved() {
    save.disabled = true;
    const png = await picture(page.notice);
    save.disabled = false;
    if (!png) return;
    make("a", { href: png.url, download: png.name }).click();
    setTimeout(() => URL.revokeObjectURL(png.url), 60_000);
  }

  const closer = () => zoom.by(STEP);
  const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => zoom.pan(x * PAN_PX, y * PAN_PX);
  /** @type {Record<string, () => void>} */
  const keys = { z: zoom.toggle, "+": closer, "=": closer, "-": () => zoom.by(1 / STEP), B: compare.keep };
  /** @type {Record<string, () => void>} */
  const arrows = { ArrowLeft: pan(1, 0), ArrowRight: pan(-1, 0), ArrowUp: pan(0, 1), ArrowDown: pan(0, -1) };
  onKey((event) => {
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
    if (key === "Escape") compare.hide(); // and the browser closes what is open
    const modified = ctrlKey || metaKey;
    const pans = target instanceof Element && target.matches("body, #stage *") && stage.classList.contains("zoomed");
    const act = modified ? key === "s" && saved : ((pans && arrows[key]) || keys[key]);
    if (altKey || (modified && !act)) return false;
    if (act) act();
    return Boolean(act) || (!repeat && compare.key(event));
  });
}
