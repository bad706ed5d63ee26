// @ts-check
/**
 * Keyboard shortcuts that work anywhere on the page, unless the focused element needs the key.
 */

const TAKES_TEXT = "select, textarea, input:not([type=range], [type=file])";
const TAKES_ENTER = "button, a, summary, [type=file]";

/** @param {(event: KeyboardEvent) => unknown} handler true: the key was a shortcut */
export function onShortcut(handler) {
  document.addEventListener("keydown", (event) => {
    const focused = event.target instanceof Element ? event.target : document.body;
    if (focused.matches(TAKES_TEXT) || document.querySelector("dialog[open]")) return;
    if ([" ", "Enter"].includes(event.key) && focused.matches(TAKES_ENTER)) return;
    if (handler(event)) event.preventDefault();
  });
}
