// @ts-check
/**
 * What one does with the painting besides painting: look closer, compare it with its pictures
 * or with a moment that was kept, save it. A panel, loaded after the first picture.
 */

import { comparing } from "./compare.js";
import { byId, make, style } from "./element.js";
import { look } from "./look.js";
import { picture } from "./saved.js";

/** @typedef {import("./zoom.js").Point} Point */
const STEP = 1.25;
const PAN_PX = 60;

/** @param {import("./types.js").Page} page */
export async function start(page) {
  await style("stage.css");
  const stage = byId("stage", HTMLElement);
  const canvas = byId("picture", HTMLCanvasElement);
  const zoom = look(stage, canvas);
  const compare = comparing(page, stage);

  const tools = byId("stage-tools", HTMLElement);
  const key = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ act) => {
    const button = make("button", { type: "button", title }, text);
    button.addEventListener("click", act);
    return button;
  };
  const keep = key("keep", "keep this moment, to compare with and to come back to (Shift B)", compare.keep);
  const save = key("save", "save the painting in full size as PNG, its state inside (Ctrl S)", saved);
  const projector = make("a", { href: "stage", target: "styletune-stage", title: "only the picture, for a projector" }, "stage");
  tools.append(
    make("div", { class: "closer" }, key("fit", "see all of it (z)", zoom.fit), key("1:1", "a pixel is a pixel (z)", zoom.one), zoom.out),
    make("div", { role: "group", "aria-label": "compare with" }, make("span", {}, "compare"), ...compare.buttons),
    make("div", {}, keep, save, projector),
  );

  async function saved() {
    save.disabled = true;
    const png = await picture(page.notice);
    if (png) {
      const link = make("a", { href: png.url, download: png.name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(png.url), 60_000);
    }
    save.disabled = false;
  }

  /** @type {Record<string, () => void>} */
  const keys = { z: () => zoom.toggle({ x: 0, y: 0 }), "+": () => zoom.by(STEP), "=": () => zoom.by(STEP), "-": () => zoom.by(1 / STEP), B: compare.keep };
  /** @type {Record<string, Point>} */
  const arrows = { ArrowLeft: { x: 1, y: 0 }, ArrowRight: { x: -1, y: 0 }, ArrowUp: { x: 0, y: 1 }, ArrowDown: { x: 0, y: -1 } };
  document.addEventListener("keydown", (event) => {
    const on = event.target instanceof HTMLElement ? event.target : document.body;
    if (on.matches("select, textarea, [contenteditable], dialog *, input:not([type=range])")) return;
    const arrow = on.matches("body, #stage *") && stage.classList.contains("zoomed") && arrows[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key === "s") saved();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (arrow) zoom.pan(arrow.x * PAN_PX, arrow.y * PAN_PX);
    else if (keys[event.key]) keys[event.key]?.();
    else if (event.key === "Escape") return compare.show(null);
    else if (event.repeat || !compare.down(event.key)) return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => compare.up(event.key));
}
