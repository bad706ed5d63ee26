// @ts-check
/**
 * The page /stage: only the picture, for a projector. It keeps the last picture when the
 * connection drops, keeps the screen awake, and limits flashes.
 */

import { byId, setPressed, setText } from "./dom.js";
import { COLUMNS, makeFlashLimiter, ROWS } from "./flash-limiter.js";
import { makeFrameStream } from "./frame-stream.js";

/** Cursor and buttons disappear after that long without input, ms. */
const IDLE_MS = 2500;
const STATE_TEXTS = { connecting: "connecting", open: "", waiting: "connection lost: this is the last picture" };

const canvas = byId("picture", HTMLCanvasElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
const thumbnail = /** @type {OffscreenCanvasRenderingContext2D} */ (
  new OffscreenCanvas(COLUMNS, ROWS).getContext("2d", { alpha: false, willReadFrequently: true })
);
// At low quality a thumbnail is a few single pixels, which flicker where the picture does not.
thumbnail.imageSmoothingQuality = "high";

/** @type {ReturnType<typeof makeFlashLimiter> | null} */
let limiter = makeFlashLimiter();
/** @type {ImageBitmap | undefined} the newest picture, until it is shown completely */
let newest;
let nextDraw = 0;
let idleTimer = 0;

makeFrameStream((picture, { epoch }) => {
  newest?.close();
  newest = picture;
  draw();
  canvas.dataset.epoch = String(epoch);
}, (state) => setText(byId("state"), state.kind === "stopped" ? state.why : STATE_TEXTS[state.kind])).connect();

/** Blend in as much of the newest picture as the limiter allows; the rest follows. */
function draw() {
  if (!newest) return;
  const part = allowedPart(newest);
  if (canvas.width !== newest.width || canvas.height !== newest.height) resize(newest);
  context.globalAlpha = part;
  context.drawImage(newest, 0, 0);
  document.body.classList.add("lit");
  canvas.dataset.part = String(part);
  cancelAnimationFrame(nextDraw);
  if (part < 1) {
    nextDraw = requestAnimationFrame(draw);
    return;
  }
  newest.close();
  newest = undefined;
}

/** @param {ImageBitmap} picture */
function allowedPart(picture) {
  if (!limiter) return 1;
  thumbnail.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return limiter.next(thumbnail.getImageData(0, 0, COLUMNS, ROWS).data, performance.now());
}

/** Resizing clears a canvas: what was shown is stretched onto it. @param {ImageBitmap} picture */
function resize({ width, height }) {
  const before = new OffscreenCanvas(canvas.width, canvas.height);
  before.getContext("2d")?.drawImage(canvas, 0, 0);
  Object.assign(canvas, { width, height });
  context.drawImage(before, 0, 0, width, height);
}

/** The buttons by their keys. @type {Record<string, [id: string, onclick: () => void]>} */
const actions = {
  f: ["full", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())],
  v: ["fill", () => setPressed(byId("fill"), document.body.classList.toggle("fill"))],
  l: ["limit", () => {
    limiter = limiter ? null : makeFlashLimiter();
    setPressed(byId("limit"), limiter !== null);
  }],
};
for (const [id, onclick] of Object.values(actions)) byId(id).onclick = onclick;
canvas.ondblclick = () => byId("full").click();
document.onfullscreenchange = () => setPressed(byId("full"), document.fullscreenElement !== null);
document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey, repeat }) => {
  if (!ctrlKey && !metaKey && !altKey && !repeat) actions[key.toLowerCase()]?.[1]();
});

function onActivity() {
  document.body.classList.remove("still");
  clearTimeout(idleTimer);
  idleTimer = setTimeout(() => document.body.classList.add("still"), IDLE_MS);
}
for (const type of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(type, onActivity);
onActivity();

/** The lock ends when the page is hidden; some machines refuse it, and go to sleep. */
const keepAwake = () => document.hidden
  || navigator.wakeLock?.request("screen").catch((error) => console.warn("the screen may go to sleep", error));
document.onvisibilitychange = keepAwake;
keepAwake();
