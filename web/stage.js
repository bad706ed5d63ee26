// @ts-check
/**
 * The painting: decode, draw, acknowledge. The acknowledgement leaves when the picture is
 * drawn, so the server never sends more than this page can show.
 */

import { byId } from "./element.js";
import { splitFrame } from "./frame.js";

/** @typedef {import("./types.js").FrameHead} FrameHead */

export class Stage {
  #canvas = byId("picture", HTMLCanvasElement);
  #root = byId("stage", HTMLElement);
  #glow = byId("glow", HTMLCanvasElement);
  #context;
  #light;
  #arrived = 0;
  #drawn = 0;
  #ears;

  /**
   * @param {{ack: (epoch: number) => void, drawn: (head: FrameHead) => void}} ears
   */
  constructor(ears) {
    this.#ears = ears;
    this.#context = this.#canvas.getContext("2d", { alpha: false });
    this.#light = this.#glow.getContext("2d", { alpha: false });
  }

  /** @param {ArrayBuffer} buffer one message of /frames */
  async show(buffer) {
    const turn = ++this.#arrived;
    const { head, jpeg } = splitFrame(buffer);
    try {
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      // Decoders may overtake each other; a picture never goes back in time.
      if (turn > this.#drawn) {
        this.#drawn = turn;
        this.#draw(bitmap, head);
      }
      bitmap.close();
    } catch (error) {
      console.warn(`picture of epoch ${head.epoch} could not be decoded`, error);
    }
    // Also for a broken one: without its credit the stream would stop.
    this.#ears.ack(head.epoch);
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {FrameHead} head
   */
  #draw(bitmap, head) {
    const canvas = this.#canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      this.#root.style.setProperty("--aspect", String(bitmap.width / bitmap.height));
    }
    this.#context?.drawImage(bitmap, 0, 0);
    this.#light?.drawImage(bitmap, 0, 0, this.#glow.width, this.#glow.height);
    canvas.dataset.epoch = String(head.epoch);
    canvas.dataset.rev = String(head.rev);
    this.#root.classList.add("lit");
    this.#ears.drawn(head);
  }
}
