// @ts-check
/**
 * The pictures of /frames: each is decoded, drawn in its order, and only then acknowledged, so
 * that the server never sends more than this page can show.
 */

import { makeReconnectingSocket } from "./reconnecting-socket.js";

/**
 * One message: little-endian uint32 n, n bytes of JSON, then a JPEG. Pure.
 * @param {ArrayBuffer} buffer
 * @returns {{header: FrameHeader, jpeg: Uint8Array<ArrayBuffer>}}
 * @throws {RangeError | SyntaxError} for a message of any other form
 */
export function parseFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, jpeg: new Uint8Array(buffer, 4 + length) };
}

/**
 * @param {(picture: ImageBitmap, header: FrameHeader, bytes: number) => void} onframe must close the picture
 * @param {(state: SocketState) => void} onstate
 */
export function makeFrameStream(onframe, onstate) {
  let received = 0;
  let drawn = 0;
  const socket = makeReconnectingSocket("frames", show, onstate);

  /** @param {ArrayBuffer} buffer */
  async function show(buffer) {
    const number = ++received;
    const { header, jpeg } = parseFrame(buffer);
    try {
      const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      // Decoders may overtake each other; an older picture never replaces a newer one.
      if (number < drawn) picture.close();
      else onframe(picture, header, buffer.byteLength);
      drawn = Math.max(number, drawn);
    } catch (error) {
      console.warn(`picture of epoch ${header.epoch} could not be decoded`, error);
    }
    // Also for a broken one: without acknowledgements the stream stops.
    socket.send({ type: "ack", epoch: header.epoch });
  }
  return socket;
}
