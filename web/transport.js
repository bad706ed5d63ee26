// @ts-check
/**
 * Pause, reset, kick, average; and the keys that do the same from anywhere on the page.
 */

import { byId, press } from "./dom.js";
import { onKey } from "./shortcuts.js";

const FLASH_MS = 220;

/** @param {Store} store @param {(name: string) => void} trigger */
export function watchTransport(store, trigger) {
  for (const [id, name] of /** @type {const} */ ([["pause", "paused"], ["average", "average"]])) {
    const button = byId(id);
    button.onclick = () => store.flip(name);
    store.watch(name, (on) => press(button, on > 0));
  }
  for (const id of ["reset", "kick"]) byId(id).onclick = () => trigger(id);
  byId("help").onclick = () => byId("shortcuts", HTMLDialogElement).showModal();
  /** @type {Record<string, string>} id of the button by its key */
  const keys = { " ": "pause", r: "reset", k: "kick", a: "average", "?": "help" };
  onKey(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    const id = keys[key];
    if (!id || ctrlKey || metaKey || altKey || repeat) return false;
    if (id === "reset" || id === "kick") trigger(id);
    else byId(id).click();
    return true;
  });
}

/** Someone set off a trigger: here, on a controller, on another page. @param {string} name */
export function flash(name) {
  const button = document.getElementById(name);
  button?.classList.add("struck");
  setTimeout(() => button?.classList.remove("struck"), FLASH_MS);
}
