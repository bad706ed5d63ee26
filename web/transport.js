// @ts-check
/**
 * The buttons above the masters, such as pause and reset; and their keyboard shortcuts.
 */

import { button, byId, setPressed } from "./dom.js";
import { titleOf } from "./layers.js";
import { onShortcut } from "./shortcuts.js";

const BLINK_MS = 220;

/** @param {ControlStore} store @param {(name: string) => void} trigger */
export function startTransport(store, trigger) {
  /** What the buttons do, by their ids. @type {Record<string, () => void>} */
  const actions = {};
  for (const row of store.rowsIn("transport")) {
    const { name, kind } = row;
    const key = findKey(row);
    actions[key.id] = () => (kind === "trigger" ? trigger(name) : store.toggle(name));
    if (kind === "switch") store.watch(name, (on) => setPressed(key, on > 0));
  }
  for (const [id, action] of Object.entries(actions)) byId(id).onclick = action;
  /** @type {Record<string, string>} id of the button by its key */
  const keys = { " ": "pause", r: "reset", k: "kick", a: "average", d: "blackout", h: "hold", u: "surprise", g: "look" };
  onShortcut(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    const action = actions[keys[key] ?? ""];
    if (!action || ctrlKey || metaKey || altKey || repeat) return false;
    action();
    return true;
  });
}

/** The button of a control: that of the page, with its drawing, else a new one. @param {ControlRow} row @returns {HTMLElement} */
function findKey(row) {
  const { name, help } = row;
  const found = /** @type {HTMLElement | null} */ (byId("transport").querySelector(`[data-control="${name}"]`));
  if (found) return found;
  const key = button(titleOf(row), () => {}, { id: name, class: "key", "data-control": name, title: help });
  byId("transport").append(key);
  return key;
}

/** Let a trigger's button light up: somebody fired it, here, on a controller or on another page. @param {string} name */
export function blink(name) {
  const button = document.getElementById(name);
  button?.classList.add("blink");
  setTimeout(() => button?.classList.remove("blink"), BLINK_MS);
}
