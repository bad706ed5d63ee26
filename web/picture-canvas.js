// @ts-check
/**
 * The painting on its canvas, and its glow behind it.
 */

import { byId, setProps } from "./dom.js";

const canvas = byId("picture", HTMLCanvasElement);
const glow = byId("glow", HTMLCanvasElement);
const [context, glowContext] = [canvas, glow].map((one) => one.getContext("2d", { alpha: false }));

/** @param {ImageBitmap} picture is closed afterwards @param {FrameHeader} header */
export function drawPicture(picture, { epoch, rev }) {
  const { width, height } = picture;
  const stage = byId("stage");
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    setProps(stage, { "--aspect": width / height });
  }
  context?.drawImage(picture, 0, 0);
  glowContext?.drawImage(picture, 0, 0, glow.width, glow.height);
  picture.close();
  Object.assign(canvas.dataset, { epoch, rev });
  stage.classList.add("lit");
}
