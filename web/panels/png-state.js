// @ts-check
/**
 * Pictures that styletune saved carry its state, which can be restored from them.
 */

import { request } from "../http.js";
import { showMessage } from "../notices.js";

const MESSAGE_MS = 4000;

/**
 * Whether there is a state in this PNG: a text chunk `styletune`, before the pixels or after them.
 * @param {Blob} file
 */
export async function hasState(file) {
  const latin = (/** @type {ArrayBuffer} */ bytes) => new TextDecoder("latin1").decode(bytes);
  if (!latin(await file.slice(0, 8).arrayBuffer()).startsWith("PNG\r\n\x1a\n", 1)) return false;
  const bytes = await file.arrayBuffer();
  const view = new DataView(bytes);
  for (let at = 8; at + 12 <= bytes.byteLength; at += 12 + view.getUint32(at)) {
    if (/^(tEXt|zTXt|iTXt)styletune\0/.test(latin(bytes.slice(at + 4, at + 18)))) return true;
  }
  return false;
}

/** Restore the state of a saved picture, all of it or nothing. @param {Blob} png @param {(text: string) => void} showNotice */
export async function restoreState(png, showNotice) {
  try {
    const response = await request("api/state", { method: "PUT", headers: { "Content-Type": "image/png" }, body: png });
    const { skipped } = await response.json();
    const except = skipped ? `, but for ${skipped} controls that this session lacks` : "";
    showMessage("message", `all stands as in the saved picture${except}`, MESSAGE_MS);
  } catch (error) {
    showNotice(`not restored: ${/** @type {Error} */ (error).message}`);
  }
}

/** The newest picture in full size; null: there is none, and a notice says why. @param {(text: string) => void} showNotice */
export async function fetchPng(showNotice) {
  try {
    const response = await request("api/image.png");
    const name = /filename="(.+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
    const blob = await response.blob();
    return { blob, url: URL.createObjectURL(blob), name: name ?? "styletune.png" };
  } catch (error) {
    showNotice(`not saved: ${/** @type {Error} */ (error).message}`);
    return null;
  }
}
