// @ts-check
/**
 * The painting on its canvas, and its light on the wall behind it.
 */

import { byId, set } from "./dom.js";

const canvas = byId("picture", HTMLCanvasElement);
const glow = byId("glow", HTMLCanvasElement);
const [context, light] = [canvas, glow].map((one) => one.getContext("2d", { alpha: false }));

/** @param {ImageBitmap} picture @param {FrameHead} head */
export function draw(picture, { epoch, rev }) {
  const { width, height } = picture;
  const stage = byId("stage");
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    set(stage, { "--aspect": width / height });
  }
  context?.drawImage(picture, 0, 0);
  light?.drawImage(picture, 0, 0, glow.width, glow.height);
  picture.close();
  Object.assign(canvas.dataset, { epoch, rev });
  stage.classList.add("lit");
}
