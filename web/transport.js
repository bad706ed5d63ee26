// @ts-check
/**
 * Pause, reset, kick, average; and the keys that do the same from anywhere on the page.
 */

import { byId } from "./element.js";
import { flip } from "./switch.js";

const FLASH_MS = 220;

/**
 * Does what has the focus need this key itself?
 * @param {KeyboardEvent} event
 */
function taken({ target, key }) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("select, textarea, input:not([type=range], [type=file])")) return true;
  return key === " " && target.matches("button, a, summary, [type=file]");
}

export class Transport {
  /** @type {Record<string, HTMLButtonElement>} */
  #triggers = {};

  /**
   * @param {import("./store.js").Store} store
   * @param {(name: string) => void} trigger
   */
  constructor(store, trigger) {
    const pause = byId("pause", HTMLButtonElement);
    pause.addEventListener("click", () => flip("paused", store));
    store.watch("paused", (on) => {
      pause.setAttribute("aria-pressed", String(on > 0));
      document.body.classList.toggle("paused", on > 0);
    });
    const average = byId("average", HTMLButtonElement);
    average.addEventListener("click", () => flip("average", store));
    store.watch("average", (on) => average.setAttribute("aria-pressed", String(on > 0)));
    for (const name of ["reset", "kick"]) {
      const button = byId(name, HTMLButtonElement);
      button.addEventListener("click", () => trigger(name));
      this.#triggers[name] = button;
    }
    const shortcuts = byId("shortcuts", HTMLDialogElement);
    const help = byId("help", HTMLButtonElement);
    help.addEventListener("click", () => shortcuts.showModal());

    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (shortcuts.open || taken(event)) return;
      if (event.key === " ") pause.click();
      else if (event.key === "r") trigger("reset");
      else if (event.key === "k") trigger("kick");
      else if (event.key === "a") average.click();
      else if (event.key === "?") shortcuts.showModal();
      else return;
      event.preventDefault();
    });
  }

  /** Someone set off a trigger: here, on a controller, on another page.
   * @param {string} name
   */
  flash(name) {
    const button = this.#triggers[name];
    button?.classList.add("struck");
    setTimeout(() => button?.classList.remove("struck"), FLASH_MS);
  }
}
