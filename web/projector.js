// @ts-check
/**
 * The projector's page, /stage: only the picture, for a wall and an audience. It keeps the
 * last picture when the connection drops, keeps the screen awake, and limits flashes.
 */

import { byId, say } from "./element.js";
import { COLUMNS, FlashLimiter, ROWS } from "./flash.js";
import { splitFrame } from "./frame.js";
import { Link } from "./link.js";

/** The cursor and the words go after that long without a hand, ms. */
const STILL_MS = 2500;

const canvas = byId("picture", HTMLCanvasElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
const small = new OffscreenCanvas(COLUMNS, ROWS);
const thumbnail = /** @type {OffscreenCanvasRenderingContext2D} */ (
  small.getContext("2d", { alpha: false, willReadFrequently: true })
);
// Without it a thumbnail would be a few stray pixels, and flicker where the picture does not.
thumbnail.imageSmoothingQuality = "high";

/** @type {FlashLimiter | null} */
let limiter = new FlashLimiter();
/** @type {ImageBitmap | null} the newest picture, while not all of it is shown */
let newest = null;
let arrived = 0;
let drawn = 0;
let again = 0;

const link = new Link("frames", {
  message: show,
  state: (state) => {
    const words = { connecting: "connecting", open: "", waiting: "connection lost: this is the last picture" };
    say(byId("state", HTMLElement), state.kind === "stopped" ? state.why : words[state.kind]);
  },
});

/** @param {ArrayBuffer} buffer */
async function show(buffer) {
  const turn = ++arrived;
  const { head, jpeg } = splitFrame(buffer);
  try {
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    if (turn > drawn) {
      drawn = turn;
      newest?.close();
      newest = bitmap;
      draw();
      canvas.dataset.epoch = String(head.epoch);
    } else bitmap.close();
  } catch (error) {
    console.warn(`picture of epoch ${head.epoch} could not be decoded`, error);
  }
  link.send({ type: "ack", epoch: head.epoch });
}

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
  if (part < 1) again = requestAnimationFrame(draw);
  else {
    newest.close();
    newest = null;
  }
}

/** @param {ImageBitmap} picture */
function allowed(picture) {
  if (!limiter) return 1;
  thumbnail.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return limiter.next(thumbnail.getImageData(0, 0, COLUMNS, ROWS).data, performance.now());
}

/**
 * A canvas that is resized goes black; what was shown is stretched instead.
 * @param {ImageBitmap} picture
 */
function resize({ width, height }) {
  const before = new OffscreenCanvas(canvas.width, canvas.height);
  before.getContext("2d")?.drawImage(canvas, 0, 0);
  canvas.width = width;
  canvas.height = height;
  context.drawImage(before, 0, 0, width, height);
}

/** @param {string} id @param {boolean} on */
const press = (id, on) => byId(id, HTMLButtonElement).setAttribute("aria-pressed", String(on));

/** @type {Record<string, () => void>} what each button and its key do */
const actions = {
  full: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  fill: () => press("fill", document.body.classList.toggle("fill")),
  limit: () => {
    limiter = limiter ? null : new FlashLimiter();
    press("limit", limiter !== null);
  },
};
const keys = new Map([["f", "full"], ["v", "fill"], ["l", "limit"]]);
for (const [id, act] of Object.entries(actions)) byId(id, HTMLButtonElement).addEventListener("click", act);
canvas.addEventListener("dblclick", () => actions.full?.());
document.addEventListener("fullscreenchange", () => press("full", document.fullscreenElement !== null));

let still = 0;
function stir() {
  document.body.classList.remove("still");
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add("still"), STILL_MS);
}
for (const type of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(type, stir);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  actions[keys.get(event.key.toLowerCase()) ?? ""]?.();
});

/** The lock ends when the page is hidden, and some machines refuse it: then they sleep. */
async function keepAwake() {
  if (document.hidden) return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch (error) {
    console.warn("the screen may go to sleep", error);
  }
}
document.addEventListener("visibilitychange", keepAwake);
keepAwake();
stir();
link.connect();
