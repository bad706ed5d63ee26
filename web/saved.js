// @ts-check
/**
 * Pictures that styletune saved: the state is in them, and comes back from them.
 */

import { byId, make, say } from "./element.js";

const TELL_MS = 4000;

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/**
 * The state in a PNG: its text chunk `styletune`, which stands before the pixels. Pure.
 * @param {ArrayBuffer} file or its beginning
 * @returns {{controls: object, content?: string, styles?: string[], step?: number} | null}
 */
export function stateIn(file) {
  const view = new DataView(file);
  if (file.byteLength < 20 || SIGNATURE.some((byte, at) => view.getUint8(at) !== byte)) return null;
  const latin = (/** @type {number} */ at, /** @type {number} */ length) =>
    new TextDecoder("latin1").decode(new Uint8Array(file, at, Math.min(length, file.byteLength - at)));
  for (let at = 8; at + 12 <= file.byteLength; at += 12 + view.getUint32(at)) {
    const kind = latin(at + 4, 4);
    if (kind === "IDAT") return null;
    const [key, text = ""] = kind === "tEXt" ? latin(at + 8, view.getUint32(at)).split("\0") : [];
    if (key !== "styletune") continue;
    try {
      const state = JSON.parse(text);
      return state?.controls ? state : null;
    } catch {
      return null;
    }
  }
  return null;
}

/** @param {Blob} file */
export async function carriesState(file) {
  return stateIn(await file.slice(0, 65_536).arrayBuffer()) !== null;
}

/**
 * Bring the state of a saved picture back, all of it or nothing, and tell.
 * @param {Blob} png
 * @param {(text: string) => void} notice for trouble
 */
export async function restore(png, notice) {
  try {
    const headers = { "Content-Type": "image/png" };
    const answer = await fetch("api/state", { method: "PUT", headers, body: png });
    const told = await answer.json();
    if (!answer.ok) return notice(`not restored: ${told.message}`);
    const lost = told.skipped ? `, but for ${told.skipped} controls that this session lacks` : "";
    tell(`all stands as in the saved picture${lost}`);
  } catch {
    notice("not restored: the connection broke");
  }
}

/** @param {string} words over the painting, for some seconds */
export function tell(words) {
  const line = document.getElementById("told") ?? make("p", { id: "told", role: "status" });
  byId("stage", HTMLElement).append(line);
  say(line, words);
  line.hidden = false;
  setTimeout(() => line.textContent === words && (line.hidden = true), TELL_MS);
}

/**
 * The newest picture in full size.
 * @param {(text: string) => void} notice
 */
export async function picture(notice) {
  try {
    const answer = await fetch("api/image.png", { cache: "no-store" });
    if (!answer.ok) throw new Error((await answer.json()).message);
    const name = /filename="(.+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
    const blob = await answer.blob();
    return { blob, url: URL.createObjectURL(blob), name: name ?? "styletune.png" };
  } catch (error) {
    notice(`not saved: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
