// @ts-check
/**
 * Pictures that styletune saved: the state is in them, and comes back from them.
 */

import { ask } from "../http.js";
import { tell } from "../notices.js";

const TELL_MS = 4000;

/**
 * Is there a state in this PNG: a text chunk `styletune`, before the pixels?
 * @param {Blob} file
 */
export async function carriesState(file) {
  const view = new DataView(await file.slice(0, 65_536).arrayBuffer());
  const latin = new TextDecoder("latin1").decode(view);
  if (!latin.startsWith("PNG\r\n\x1a\n", 1)) return false;
  for (let at = 8; at + 12 <= latin.length; at += 12 + view.getUint32(at)) {
    const chunk = latin.slice(at + 4, at + 18);
    if (chunk.startsWith("IDAT")) return false;
    if (chunk === "tEXtstyletune\0") return true;
  }
  return false;
}

/** Bring the state of a saved picture back, all of it or nothing, and tell. @param {Blob} png @param {(text: string) => void} notice */
export async function restore(png, notice) {
  try {
    const answer = await ask("api/state", { method: "PUT", headers: { "Content-Type": "image/png" }, body: png });
    const { skipped } = await answer.json();
    const lost = skipped ? `, but for ${skipped} controls that this session lacks` : "";
    tell("told", `all stands as in the saved picture${lost}`, TELL_MS);
  } catch (error) {
    notice(`not restored: ${/** @type {Error} */ (error).message}`);
  }
}

/** The newest picture in full size. @param {(text: string) => void} notice */
export async function picture(notice) {
  try {
    const answer = await ask("api/image.png");
    const name = /filename="(.+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
    const blob = await answer.blob();
    return { blob, url: URL.createObjectURL(blob), name: name ?? "styletune.png" };
  } catch (error) {
    notice(`not saved: ${/** @type {Error} */ (error).message}`);
    return null;
  }
}
