// @ts-check
/**
 * The pictures of /frames: each is decoded, drawn in its order, and acknowledged then, so the
 * server never sends more than this page can show.
 */

import { makeLink } from "./reconnecting-socket.js";

/**
 * One message: little-endian uint32 n, n bytes of JSON, then a JPEG. Pure.
 * @param {ArrayBuffer} buffer
 * @returns {{head: FrameHead, jpeg: Uint8Array<ArrayBuffer>}}
 * @throws {RangeError | SyntaxError} for a message of another make
 */
export function splitFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { head, jpeg: new Uint8Array(buffer, 4 + length) };
}

/**
 * @param {(picture: ImageBitmap, head: FrameHead, bytes: number) => void} draw whoever draws it closes it
 * @param {(state: LinkState) => void} state
 */
export function frames(draw, state) {
  let arrived = 0;
  let drawn = 0;
  const link = makeLink("frames", show, state);

  /** @param {ArrayBuffer} buffer */
  async function show(buffer) {
    const turn = ++arrived;
    const { head, jpeg } = splitFrame(buffer);
    try {
      const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      // Decoders may overtake each other; a picture never goes back in time.
      if (turn < drawn) picture.close();
      else draw(picture, head, buffer.byteLength);
      drawn = Math.max(turn, drawn);
    } catch (error) {
      console.warn(`picture of epoch ${head.epoch} could not be decoded`, error);
    }
    // Also for a broken one: without its credit the stream would stop.
    link.send({ type: "ack", epoch: head.epoch });
  }
  return link;
}
