// @ts-check
/**
 * What went wrong, and what to do about it: for some seconds over the page, then as the last
 * line beside the pictures.
 */

import { byId, el, setText } from "./dom.js";

const NOTICE_MS = 8000;

/** What a person can do, by the code of the error. @type {Record<string, string>} */
const REMEDIES = {
  unknown_device: "Press MIDI, then learn: any controller can be taught.",
  refused: "What was there before paints on.",
  view_only: "Ask for the player's link.",
  forbidden: "Ask for the player's link.",
};

/** An error as one sentence and what to do about it. @param {string} message @param {string} [code] */
export function errorText(message, code = "") {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return REMEDIES[code] ? `${text.replace(/[.\s]*$/, ".")} ${REMEDIES[code]}` : text;
}

/** Show a line for some seconds. @param {string} id of its element @param {string} text @param {number} ms */
export function showMessage(id, text, ms) {
  const line = byId(id);
  setText(line, text);
  line.hidden = false;
  setTimeout(() => line.textContent === text && (line.hidden = true), ms);
}

/** @param {string} message @param {string} [code] of an error message */
export function showNotice(message, code) {
  const text = errorText(message, code);
  showMessage("notice", text, NOTICE_MS);
  const at = new Date().toLocaleTimeString([], { timeStyle: "short" });
  const last = byId("last-error");
  last.replaceChildren(el("b", {}, `last trouble, ${at}`), ` ${text}`);
  last.hidden = false;
}
