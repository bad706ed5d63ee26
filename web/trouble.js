// @ts-check
/**
 * What went wrong, and the way out: for some seconds over the page, then as the last line
 * beside the pictures; and the restart of a painter that has failed.
 */

import { byId, make, say } from "./element.js";

const NOTICE_MS = 8000;

/** What a person can do, by the code of the error. @type {Record<string, string>} */
const WAYS = {
  unknown_device: "Press MIDI, then learn: any controller can be taught.",
  refused: "What was there before paints on.",
  view_only: "Ask for the player's link.",
  forbidden: "Ask for the player's link.",
};

/**
 * An error as one sentence and what to do about it. Pure.
 * @param {string} message
 * @param {string} [code]
 */
export function trouble(message, code = "") {
  const way = WAYS[code];
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return way ? `${text.replace(/[.\s]*$/, ".")} ${way}` : text;
}

/**
 * @param {string} message
 * @param {string} [code] of an error message
 */
export function notice(message, code) {
  const text = trouble(message, code);
  const line = byId("notice", HTMLElement);
  say(line, text);
  line.hidden = false;
  setTimeout(() => {
    if (line.textContent === text) line.hidden = true;
  }, NOTICE_MS);
  const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const last = byId("trouble", HTMLElement);
  last.replaceChildren(make("b", {}, `last trouble, ${at}`), ` ${text}`);
  last.hidden = false;
}

/** Ask for a new painter after the old one has failed for good. */
export async function restart() {
  try {
    const answer = await fetch("api/restart", { method: "POST" });
    if (answer.ok) return;
    const { message } = await answer.json().catch(() => ({}));
    notice(message ?? `the painter was not restarted: ${answer.status} ${answer.statusText}`);
  } catch {
    notice("not connected: the painter was not restarted");
  }
}
