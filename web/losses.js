// @ts-check
/**
 * The loss table: a butterfly, content to the left of each layer's name, style to the right;
 * raw loss in numbers, share of the whole in numbers and as a bar.
 */

import { byId, make, say } from "./element.js";
import { readable } from "./layers.js";
import { lossWords, shareWords } from "./words.js";

/** @typedef {import("./types.js").Epoch} Epoch */
/** @typedef {import("./types.js").Term} Term */

/** Numbers that change faster cannot be read, ms. */
const READABLE_MS = 250;

/** @param {"content" | "style"} term */
function makeSide(term) {
  const raw = make("td", { class: "raw" }, "–");
  const share = make("span", {}, "–");
  const part = make("td", { class: "part", "data-term": term }, make("i", { class: "pull" }), share);
  return {
    raw,
    part,
    /** @param {Term} loss */
    bar(loss) {
      part.style.setProperty("--share", loss.share.toFixed(4));
    },
    /** @param {Term} loss */
    numbers(loss) {
      say(raw, lossWords(loss.raw));
      say(share, shareWords(loss.share));
      part.classList.toggle("none", !(loss.share > 0));
    },
  };
}

export class Losses {
  #rows;
  #total = byId("total", HTMLElement);
  #smooth = byId("smooth-loss", HTMLElement);
  #told = -Infinity;

  /** @param {readonly string[]} layers */
  constructor(layers) {
    this.#rows = layers.map((layer) => {
      const content = makeSide("content");
      const style = makeSide("style");
      const name = make("th", { scope: "row" }, readable(layer));
      return { content, style, element: make("tr", {}, content.raw, content.part, name, style.part, style.raw) };
    });
    const body = byId("losses-body", HTMLTableSectionElement);
    body.replaceChildren(...this.#rows.map((row) => row.element));
  }

  /** @param {Epoch} epoch */
  update(epoch) {
    const now = performance.now();
    const numbers = now - this.#told >= READABLE_MS;
    if (numbers) this.#told = now;
    for (const [index, loss] of epoch.losses.entries()) {
      const row = this.#rows[index];
      if (!row) break;
      row.content.bar(loss.content);
      row.style.bar(loss.style);
      if (!numbers) continue;
      row.content.numbers(loss.content);
      row.style.numbers(loss.style);
    }
    if (!numbers) return;
    say(this.#total, lossWords(epoch.total));
    say(this.#smooth, lossWords(epoch.smooth));
  }
}
