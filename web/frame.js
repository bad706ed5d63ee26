// @ts-check
/**
 * One message of /frames: little-endian uint32 n, n bytes of JSON, then a JPEG. Pure.
 */

/** @typedef {import("./types.js").FrameHead} FrameHead */

/**
 * @param {ArrayBuffer} buffer
 * @returns {{head: FrameHead, jpeg: Uint8Array<ArrayBuffer>}}
 * @throws {RangeError | SyntaxError} for a message of another make
 */
export function splitFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { head, jpeg: new Uint8Array(buffer, 4 + length) };
}
