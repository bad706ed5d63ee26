// @ts-check
/**
 * Where a fader of hardware stands while it does not move its control: a mark beside the handle,
 * pointing the way that the fader must go to meet it.
 */

import { style } from "./element.js";

/** @typedef {{control: string, position: number, waiting: boolean, direction: "up" | "down" | null, device: string}} Hardware */

/** @param {import("./types.js").Page} page */
export function start(page) {
  style("midi.css");
  /** @param {string} control */
  const handles = (control) =>
    /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll(`[data-control="${CSS.escape(control)}"]:is(.fader, .knob, .fade)`)
    );
  /** @param {Hardware} message */
  function show({ control, position, waiting, direction, device }) {
    for (const handle of handles(control)) {
      handle.classList.toggle("waiting", waiting);
      if (!waiting) {
        delete handle.dataset.ghost;
        continue;
      }
      handle.style.setProperty("--ghost", String(position));
      handle.dataset.ghost = direction === "up" ? "▲" : "▼";
      handle.dataset.device = device;
    }
  }
  page.hear("hardware", show);
  // After a connection nobody knows: the next touch of a fader tells.
  page.hear("snapshot", () => {
    for (const handle of document.querySelectorAll(".waiting")) handle.classList.remove("waiting");
  });
}
