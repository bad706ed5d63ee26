// @ts-check
/**
 * The camera of this page: its newest picture goes to the server whenever the one before is
 * taken. It is requested when somebody chooses it, and at no other time.
 */

import { el } from "../dom.js";

/** The server's limit of a picture, bytes. */
const MAX_BYTES = 64_000;
const QUALITIES = [0.85, 0.7, 0.5, 0.3];
/** A hidden page gets no frames of its video: the newest there is goes out after that long, ms. */
const FRAME_MS = 200;

/** What people are told, by the name of the browser's error. @type {Record<string, string>} */
const REFUSALS = {
  NotAllowedError: "the camera was refused: allow it for this page in the browser, then choose it again",
  NotFoundError: "no camera was found: plug one in, then choose it again",
  NotReadableError: "the camera cannot be read: another program may be using it",
};

/** Why there is no camera, for people. Pure. @param {{name: string, message: string}} error */
export const refusalText = ({ name, message }) => REFUSALS[name] ?? `the camera could not be opened: ${message}`;

/**
 * The middle of a picture that fills another shape: left, top, width, height in it. Pure.
 * @param {number} width @param {number} height of the picture
 * @param {number} toWidth @param {number} toHeight
 * @returns {[number, number, number, number]}
 */
export function cover(width, height, toWidth, toHeight) {
  const scale = Math.min(width / toWidth, height / toHeight);
  const [w, h] = [toWidth * scale, toHeight * scale];
  return [(width - w) / 2, (height - h) / 2, w, h];
}

/**
 * Open the camera; rejects with a sentence for people.
 * @param {() => [number, number]} getSize of the painting, px
 * @param {(why: string) => void} onended why it has ended by itself
 * @returns {Promise<{close(): void}>}
 */
export async function openCamera(getSize, onended) {
  const media = navigator.mediaDevices;
  if (!media) throw new Error("a browser gives its camera to pages of https or of localhost only");
  const constraints = { video: { width: { ideal: 640 }, height: { ideal: 480 } } };
  const stream = await media.getUserMedia(constraints).catch((error) => {
    throw new Error(refusalText(error));
  });
  const video = el("video", { muted: true, playsinline: true });
  video.srcObject = stream;
  await video.play();
  const url = new URL("ws/camera", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  const canvas = el("canvas");
  let open = true;

  function close() {
    open = false;
    socket.close();
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
  /** @param {string} why */
  function end(why) {
    if (!open) return;
    close();
    onended(why);
  }
  for (const track of stream.getVideoTracks()) track.onended = () => end("the camera has gone: it was unplugged, or taken away from this page");
  socket.onclose = ({ code, reason }) => end(reason || (code === 4403 ? "this link may watch but not play" : "the connection broke: choose the camera again"));
  socket.onopen = send;
  socket.onmessage = () => onFrame(send);

  /** Call back at the next frame. @param {() => void} callback */
  function onFrame(callback) {
    let called = false;
    const once = () => {
      if (!called && open) callback();
      called = true;
    };
    video.requestVideoFrameCallback?.(once);
    setTimeout(once, FRAME_MS);
  }

  async function send() {
    const [width, height] = getSize();
    Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.drawImage(video, ...cover(video.videoWidth, video.videoHeight, width, height), 0, 0, width, height);
    for (const quality of QUALITIES) {
      const jpeg = await new Promise((/** @type {BlobCallback} */ resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
      if (!open || !jpeg) return;
      if (jpeg.size <= MAX_BYTES) return socket.send(jpeg);
    }
    end("its pictures are too large for a live source: choose a smaller size");
  }
  return { close };
}
