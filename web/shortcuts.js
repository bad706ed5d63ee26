// @ts-check
/**
 * Keys that play from anywhere on the page, unless what has the focus needs them itself.
 */

const TYPED = "select, textarea, input:not([type=range], [type=file])";
const PRESSED = "button, a, summary, [type=file]";

/** @param {(event: KeyboardEvent) => unknown} act true: the key was meant for it */
export function onKey(act) {
  document.addEventListener("keydown", (event) => {
    const on = event.target instanceof Element ? event.target : document.body;
    if (on.matches(TYPED) || document.querySelector("dialog[open]")) return;
    if ([" ", "Enter"].includes(event.key) && on.matches(PRESSED)) return;
    if (act(event)) event.preventDefault();
  });
}
