// @ts-check
/**
 * Pause, reset, kick, average; and their keyboard shortcuts.
 */

import { byId, setPressed } from "./dom.js";
import { onShortcut } from "./shortcuts.js";

const BLINK_MS = 220;

/** @param {ControlStore} store @param {(name: string) => void} trigger */
export function startTransport(store, trigger) {
  for (const [id, name] of /** @type {const} */ ([["pause", "paused"], ["average", "average"]])) {
    const button = byId(id);
    button.onclick = () => store.toggle(name);
    store.watch(name, (on) => setPressed(button, on > 0));
  }
  for (const id of ["reset", "kick"]) byId(id).onclick = () => trigger(id);
  byId("help").onclick = () => byId("shortcuts", HTMLDialogElement).showModal();
  /** @type {Record<string, string>} id of the button by its key */
  const keys = { " ": "pause", r: "reset", k: "kick", a: "average", "?": "help" };
  onShortcut(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    const id = keys[key];
    if (!id || ctrlKey || metaKey || altKey || repeat) return false;
    if (id === "reset" || id === "kick") trigger(id);
    else byId(id).click();
    return true;
  });
}

/** Let a trigger's button light up: somebody fired it, here, on a controller or on another page. @param {string} name */
export function blink(name) {
  const button = document.getElementById(name);
  button?.classList.add("blink");
  setTimeout(() => button?.classList.remove("blink"), BLINK_MS);
}
