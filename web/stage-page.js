// @ts-check
/**
 * The page /stage: only the picture, for a projector. Pictures dissolve into each other, except
 * where a hand moves a control. It keeps the last picture when the connection drops, keeps the
 * screen awake, and limits flashes.
 */

import { makeFirstPicture } from "./first-picture.js";
import { byId, setPressed, setText } from "./dom.js";
import { COLUMNS, makeFlashLimiter, ROWS } from "./flash-limiter.js";
import { makeFrameStream } from "./frame-stream.js";

/** Cursor and buttons disappear after that long without input, ms. */
const IDLE_MS = 2500;
/** A picture dissolves into the next one for that long at most, and never longer than it takes to come, ms. */
const DISSOLVE_MS = 150;
/** How often the server is asked what it does, until the first step is painted, ms. */
const PROGRESS_MS = 500;
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
/** When the newest picture is to be seen whole, and until when it has been blended in, ms. */
let [wholeAt, blendedAt] = [0, 0];
let [lastRev, lastAt] = [NaN, 0];
let nextDraw = 0;
let idleTimer = 0;

/** @type {(() => void) | undefined} shows the canvas as large as it is seen */
let upscale;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const firstPicture = makeFirstPicture(byId("content-picture", HTMLImageElement), () => {});

makeFrameStream((picture, header) => {
  const now = performance.now();
  if (newest && wholeAt > now) draw(wholeAt); // the dissolve is late
  newest?.close();
  newest = picture;
  const { epoch, rev } = header;
  blendedAt = now;
  wholeAt = now + (rev === lastRev && !still.matches ? Math.min(DISSOLVE_MS, now - lastAt) : 0);
  [lastRev, lastAt] = [rev, now];
  firstPicture.setFrame(header);
  draw(now);
  canvas.dataset.epoch = String(epoch);
}, (state) => setText(byId("state"), state.kind === "stopped" ? state.why : STATE_TEXTS[state.kind])).connect();

/** Blend in as much of the newest picture as is due and the limiter allows; the rest follows. @param {number} now ms */
function draw(now) {
  if (!newest) return;
  cancelAnimationFrame(nextDraw);
  const due = now < wholeAt ? (now - blendedAt) / (wholeAt - blendedAt) : 1;
  blendedAt = now;
  const part = allowedPart(newest, due);
  if (canvas.width !== newest.width || canvas.height !== newest.height) resize(newest);
  context.globalAlpha = part;
  context.drawImage(newest, 0, 0);
  upscale?.();
  document.body.classList.toggle("lit", firstPicture.ended());
  canvas.dataset.part = String(part);
  if (part < 1) {
    nextDraw = requestAnimationFrame(() => draw(performance.now()));
    return;
  }
  newest.close();
  newest = undefined;
}

/** @param {ImageBitmap} picture @param {number} due part of it */
function allowedPart(picture, due) {
  if (!limiter || due <= 0) return due;
  thumbnail.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return limiter.next(thumbnail.getImageData(0, 0, COLUMNS, ROWS).data, performance.now(), due);
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

/** In words, until the first step is painted. */
async function showProgress() {
  if (firstPicture.ended()) return;
  const response = await fetch("api/state").catch(() => null);
  const state = /** @type {{state: StateMessage} | null} */ (response?.ok ? await response.json() : null)?.state;
  if (firstPicture.ended()) setText(byId("state"), "");
  else if (state) setText(byId("state"), state.message || state.state);
  setTimeout(showProgress, PROGRESS_MS);
}
showProgress();
// The first picture does not wait for it.
import("./upscale.js").then(({ makeUpscaler }) => {
  upscale = makeUpscaler(canvas);
  if (canvas.dataset.epoch) upscale();
}).catch((error) => console.warn("not upscaled", error));

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
