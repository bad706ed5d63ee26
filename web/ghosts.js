// @ts-check
/**
 * Where a fader of hardware stands while it does not move its control: a mark beside the
 * handle, pointing the way to go.
 */

import { set } from "./element.js";

/** @typedef {{control: string, position: number, waiting: boolean, direction: "up" | "down" | null}} Hardware */

/** @param {Page} page */
export function start({ hear }) {
  hear("hardware", ({ control, position, waiting, direction }) => {
    const found = document.querySelectorAll(`[data-control="${CSS.escape(control)}"]:is(.fader, .knob, .slider)`);
    for (const handle of /** @type {Iterable<HTMLElement>} */ (found)) {
      handle.classList.toggle("waiting", waiting);
      set(handle, { "--ghost": position, "data-ghost": direction === "up" ? "▲" : "▼" });
    }
  });
  // After a connection nobody knows: the next touch of a fader tells.
  hear("snapshot", () => {
    for (const handle of document.querySelectorAll(".waiting")) handle.classList.remove("waiting");
  });
}
