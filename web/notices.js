// @ts-check
/**
 * What went wrong, and the way out: for some seconds over the page, then as the last line
 * beside the pictures.
 */

import { byId, make, say } from "./dom.js";

const NOTICE_MS = 8000;

/** What a person can do, by the code of the error. @type {Record<string, string>} */
const WAYS = {
  unknown_device: "Press MIDI, then learn: any controller can be taught.",
  refused: "What was there before paints on.",
  view_only: "Ask for the player's link.",
  forbidden: "Ask for the player's link.",
};

/** An error as one sentence and what to do about it. @param {string} message @param {string} [code] */
export function trouble(message, code = "") {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return WAYS[code] ? `${text.replace(/[.\s]*$/, ".")} ${WAYS[code]}` : text;
}

/** Show a line for some seconds. @param {string} id @param {string} text @param {number} ms */
export function tell(id, text, ms) {
  const line = byId(id);
  say(line, text);
  line.hidden = false;
  setTimeout(() => line.textContent === text && (line.hidden = true), ms);
}

/** @param {string} message @param {string} [code] of an error message */
export function notice(message, code) {
  const text = trouble(message, code);
  tell("notice", text, NOTICE_MS);
  const at = new Date().toLocaleTimeString([], { timeStyle: "short" });
  const last = byId("trouble");
  last.replaceChildren(make("b", {}, `last trouble, ${at}`), ` ${text}`);
  last.hidden = false;
}
