// @ts-check
/**
 * The painting on its canvas, larger and sharper above it, and its glow behind it.
 */

import { byId, setProps } from "./dom.js";

const canvas = byId("picture", HTMLCanvasElement);
const glow = byId("glow", HTMLCanvasElement);
const stage = byId("stage");
const [context, glowContext] = [canvas, glow].map((one) => one.getContext("2d", { alpha: false }));

let aspect = 0;
/** @type {(() => void) | undefined} shows the canvas as large as it is seen */
let upscale;

/** Edges are whole pixels: another size of the same picture must not move it. @param {number} width @param {number} height */
function setAspect(width, height) {
  if (Math.round(width / aspect) === height || Math.round(height * aspect) === width) return;
  aspect = width / height;
  setProps(stage, { "--aspect": aspect });
}

/** @param {CanvasImageSource} picture */
function light(picture) {
  glowContext?.drawImage(picture, 0, 0, glow.width, glow.height);
  stage.classList.add("lit");
}

/** Make room for the content picture, which stands there before the painting. @param {HTMLImageElement} image */
export function placeContent(image) {
  setAspect(image.naturalWidth, image.naturalHeight);
  light(image);
}

/** @param {ImageBitmap} picture is closed afterwards @param {FrameHeader} header */
export function drawPicture(picture, { epoch, rev }) {
  const { width, height } = picture;
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    setAspect(width, height);
  }
  context?.drawImage(picture, 0, 0);
  upscale?.();
  light(picture);
  picture.close();
  Object.assign(canvas.dataset, { epoch, rev });
}

// The first picture does not wait for it.
import("./upscale.js").then(({ makeUpscaler }) => {
  upscale = makeUpscaler(canvas);
  if (canvas.dataset.epoch) upscale();
}).catch((error) => console.warn("not upscaled", error));
