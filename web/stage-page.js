// @ts-check
/**
 * The projector's page, /stage: only the picture, for a wall and an audience. It keeps the
 * last picture when the connection drops, keeps the screen awake, and limits flashes.
 */

import { byId, press, say } from "./dom.js";
import { COLUMNS, makeFlashLimiter, ROWS } from "./flash-limiter.js";
import { frames } from "./frame-stream.js";

/** The cursor and the words go after that long without a hand, ms. */
const STILL_MS = 2500;
const WORDS = { connecting: "connecting", open: "", waiting: "connection lost: this is the last picture" };

const canvas = byId("picture", HTMLCanvasElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
const thumbnail = /** @type {OffscreenCanvasRenderingContext2D} */ (
  new OffscreenCanvas(COLUMNS, ROWS).getContext("2d", { alpha: false, willReadFrequently: true })
);
// Without it a thumbnail would be a few stray pixels, and flicker where the picture does not.
thumbnail.imageSmoothingQuality = "high";

/** @type {ReturnType<typeof makeFlashLimiter> | null} */
let limiter = makeFlashLimiter();
/** @type {ImageBitmap | undefined} the newest picture, while not all of it is shown */
let newest;
let again = 0;
let still = 0;

frames((picture, { epoch }) => {
  newest?.close();
  newest = picture;
  draw();
  canvas.dataset.epoch = String(epoch);
}, (state) => say(byId("state"), state.kind === "stopped" ? state.why : WORDS[state.kind])).connect();

/** As much of the newest picture as does no harm; the rest follows. */
function draw() {
  if (!newest) return;
  const part = allowed(newest);
  if (canvas.width !== newest.width || canvas.height !== newest.height) resize(newest);
  context.globalAlpha = part;
  context.drawImage(newest, 0, 0);
  document.body.classList.add("lit");
  canvas.dataset.part = String(part);
  cancelAnimationFrame(again);
  if (part < 1) {
    again = requestAnimationFrame(draw);
    return;
  }
  newest.close();
  newest = undefined;
}

/** @param {ImageBitmap} picture */
function allowed(picture) {
  if (!limiter) return 1;
  thumbnail.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return limiter.next(thumbnail.getImageData(0, 0, COLUMNS, ROWS).data, performance.now());
}

/** A canvas that is resized goes black; what was shown is stretched instead. @param {ImageBitmap} picture */
function resize({ width, height }) {
  const before = new OffscreenCanvas(canvas.width, canvas.height);
  before.getContext("2d")?.drawImage(canvas, 0, 0);
  Object.assign(canvas, { width, height });
  context.drawImage(before, 0, 0, width, height);
}

/** What each button and its key do. @type {Record<string, [id: string, act: () => void]>} */
const actions = {
  f: ["full", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())],
  v: ["fill", () => press(byId("fill"), document.body.classList.toggle("fill"))],
  l: ["limit", () => {
    limiter = limiter ? null : makeFlashLimiter();
    press(byId("limit"), limiter !== null);
  }],
};
for (const [id, act] of Object.values(actions)) byId(id).onclick = act;
canvas.ondblclick = () => byId("full").click();
document.onfullscreenchange = () => press(byId("full"), document.fullscreenElement !== null);
document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey, repeat }) => {
  if (!ctrlKey && !metaKey && !altKey && !repeat) actions[key.toLowerCase()]?.[1]();
});

function stir() {
  document.body.classList.remove("still");
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add("still"), STILL_MS);
}
for (const type of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(type, stir);
stir();

/** The lock ends when the page is hidden, and some machines refuse it: then they sleep. */
const keepAwake = () => document.hidden
  || navigator.wakeLock?.request("screen").catch((error) => console.warn("the screen may go to sleep", error));
document.onvisibilitychange = keepAwake;
keepAwake();
