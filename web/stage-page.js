// @ts-check
/**
 * The page /stage: only the picture, for a projector. Pictures dissolve into each other, except
 * where a hand moves a control. It follows the switches of the wall, `blackout` and `hold`, keeps
 * the last picture when the connection drops, keeps the screen awake, and limits flashes.
 */

import { makeFirstPicture } from "./first-picture.js";
import { byId, setPressed, setText } from "./dom.js";
import { COLUMNS, makeFlashLimiter, ROWS } from "./flash-limiter.js";
import { makeFrameStream } from "./frame-stream.js";
import { makeReconnectingSocket } from "./reconnecting-socket.js";

/** Cursor and buttons disappear after that long without input, ms. */
const IDLE_MS = 2500;
/** A picture dissolves into the next one for that long at most, and never longer than it takes to come, ms. */
const DISSOLVE_MS = 150;
/** To black and back; to another picture that was not painted out of the shown one, ms. */
const [BLACKOUT_MS, SWAP_MS] = [300, 800];
/** A new source picture reaches the painting within that time, ms. */
const SWAPPED_MS = 4000;
/** Nothing is shown before the switches of the wall are known, but no longer than that, ms. */
const UNKNOWN_MS = 3000;
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
const black = new OffscreenCanvas(1, 1);
black.getContext("2d", { alpha: false });
/** @type {ImageBitmap | undefined} the newest picture */
let newest;
/** @type {ImageBitmap | undefined} the one that the wall holds */
let held;
const wall = { blackout: false, hold: false };
/** When what is due is to be seen whole, and until when it has been blended in, ms. */
let [wholeAt, blendedAt] = [0, 0];
/** Until when no newer picture may cut a dissolve short, and until when they differ from those before, ms. */
let [dissolvesUntil, swappedUntil] = [0, 0];
let [lastRev, lastAt] = [NaN, 0];
let nextDraw = 0;
let idleTimer = 0;

/** @type {(() => void) | undefined} shows the canvas as large as it is seen */
let upscale;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const firstPicture = makeFirstPicture(byId("content-picture", HTMLImageElement), () => {});

makeFrameStream((picture, header) => {
  const now = performance.now();
  const { epoch, rev } = header;
  const isShown = !wall.blackout && (!wall.hold || !held);
  // What is due of the picture before: all of it where its dissolve is late.
  if (isShown && wholeAt > now) draw(dissolvesUntil > now ? now : wholeAt);
  if (newest !== held) newest?.close();
  newest = picture;
  if (wall.hold) held ??= picture; // the page was loaded meanwhile
  firstPicture.setFrame(header);
  document.body.classList.toggle("lit", firstPicture.ended());
  if (firstPicture.ended()) setText(byId("state"), "");
  if (now < swappedUntil) dissolvesUntil = Math.max(dissolvesUntil, now + SWAP_MS);
  const ms = rev === lastRev ? Math.min(DISSOLVE_MS, now - lastAt) : 0;
  [lastRev, lastAt] = [rev, now];
  if (!isShown) return;
  blendTo(now, Math.max(ms, dissolvesUntil - now));
  canvas.dataset.epoch = String(epoch);
}, (state) => setText(byId("state"), state.kind === "stopped" ? state.why : STATE_TEXTS[state.kind])).connect();

/** @param {number} now ms @param {number} ms until what is due is seen whole */
function blendTo(now, ms) {
  blendedAt = now;
  wholeAt = now + (still.matches ? 0 : ms);
  draw(now);
}

/** Blend in as much of what is due, a picture or black, as the time and the limiter allow; the rest follows. @param {number} now ms */
function draw(now) {
  const picture = wall.blackout ? black : held ?? newest;
  if (!picture) return;
  cancelAnimationFrame(nextDraw);
  const due = now < wholeAt ? (now - blendedAt) / (wholeAt - blendedAt) : 1;
  blendedAt = now;
  const part = allowedPart(picture, due);
  if (picture !== black && (canvas.width !== picture.width || canvas.height !== picture.height)) resize(picture);
  context.globalAlpha = part;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  upscale?.();
  canvas.dataset.part = String(part);
  if (part < 1) nextDraw = requestAnimationFrame(() => draw(performance.now()));
}

/** @param {Values} controls of which some may be the wall's */
function setWall({ blackout = wall.blackout, hold = wall.hold }) {
  const before = { ...wall };
  Object.assign(wall, { blackout, hold });
  if (blackout !== before.blackout) dissolve(BLACKOUT_MS);
  if (hold && !before.hold) held = newest;
  else if (!hold && before.hold) {
    if (held !== newest) held?.close();
    held = undefined;
    dissolve(SWAP_MS);
  }
  document.body.classList.toggle("black", wall.blackout);
  document.body.classList.add("known");
}

/** @param {number} ms that it takes, whatever pictures come meanwhile */
function dissolve(ms) {
  const now = performance.now();
  dissolvesUntil = Math.max(dissolvesUntil, now + ms);
  blendTo(now, ms);
}

/** @type {{[T in keyof ServerMessages]?: (message: ServerMessages[T]) => void}} */
const handlers = {
  snapshot({ controls, pictures, state }) {
    setWall(controls);
    versions = versionsOf(pictures);
    handlers.state?.(state);
  },
  changed: ({ controls }) => setWall(controls),
  pictures(message) {
    if (versionsOf(message) !== versions) swappedUntil = performance.now() + SWAPPED_MS;
    versions = versionsOf(message);
  },
  // In words, until the first step is painted.
  state: ({ state, message }) => setText(byId("state"), firstPicture.ended() ? "" : message || state),
};
const versionsOf = (/** @type {PicturesMessage} */ { content, styles }) => `${[content, ...styles].map(({ version }) => version)}`;
let versions = "";
// As one that watches, whatever this page's link allows.
makeReconnectingSocket("ws?role=viewer", (data) => {
  /** @type {{type: keyof ServerMessages}} */
  const message = JSON.parse(data);
  /** @type {((message: any) => void) | undefined} */ (handlers[message.type])?.(message);
}, () => {}).connect();
setTimeout(() => document.body.classList.add("known"), UNKNOWN_MS);

/** @param {CanvasImageSource} picture @param {number} due part of it */
function allowedPart(picture, due) {
  if (!limiter || due <= 0) return due;
  thumbnail.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return limiter.next(thumbnail.getImageData(0, 0, COLUMNS, ROWS).data, performance.now(), due);
}

/** Resizing clears a canvas: what was shown is stretched onto it. @param {{width: number, height: number}} picture */
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
