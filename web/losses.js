// @ts-check
/**
 * The loss table: a butterfly, content to the left of each layer's name, style to the right;
 * raw loss, weight and share of the whole in numbers, the share as a bar too. A press on a
 * heading sorts by it, another the other way round, a third puts the network's order back.
 */

import { byId, make, say } from "./element.js";
import { readable } from "./layers.js";
import { lossWords, shareWords, weightWords } from "./words.js";

/** @typedef {import("./types.js").Epoch} Epoch */
/** @typedef {import("./types.js").Term} Term */
/** @typedef {"raw" | "weight" | "share"} Figure */
/** @typedef {{term: "content" | "style", figure: Figure, down: boolean} | null} Sorting */

/** Numbers that change faster cannot be read, ms. */
const READABLE_MS = 250;
/** Rows that change places faster cannot be followed, ms. */
const SETTLED_MS = 1500;

/**
 * The rows in the order to be shown. Pure.
 * @param {Epoch["losses"]} losses in network order
 * @param {Sorting} sorting
 * @returns {number[]} indices
 */
export function order(losses, sorting) {
  const indices = losses.map((_, index) => index);
  if (!sorting) return indices;
  const { term, figure, down } = sorting;
  const value = (/** @type {number} */ index) => losses[index]?.[term][figure] ?? 0;
  return indices.sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)));
}

/**
 * What a press on a heading makes of the sorting: down, up, off. Pure.
 * @param {Sorting} now
 * @param {"content" | "style"} term
 * @param {Figure} figure
 * @returns {Sorting}
 */
export function pressed(now, term, figure) {
  if (now?.term !== term || now.figure !== figure) return { term, figure, down: true };
  return now.down ? { term, figure, down: false } : null;
}

/** @param {"content" | "style"} term */
function makeSide(term) {
  const raw = make("td", { class: "raw" }, "–");
  const weight = make("td", { class: "weight" }, "–");
  const share = make("span", {}, "–");
  const part = make("td", { class: "part", "data-term": term }, make("i", { class: "pull" }), share);
  return {
    cells: [raw, weight, part],
    /** @param {Term} loss */
    bar(loss) {
      part.style.setProperty("--share", loss.share.toFixed(3));
    },
    /** @param {Term} loss */
    numbers(loss) {
      say(raw, lossWords(loss.raw));
      say(weight, weightWords(loss.weight));
      say(share, shareWords(loss.share));
      part.classList.toggle("none", !(loss.share > 0));
    },
  };
}

/** @param {import("./types.js").Page} page */
export function start(page) {
  const losses = new Losses(page.layers);
  page.hear("snapshot", ({ epoch }) => epoch && losses.update(epoch));
  page.hear("epoch", (epoch) => losses.update(epoch));
}

class Losses {
  #rows;
  #body = byId("losses-body", HTMLTableSectionElement);
  #total = byId("total", HTMLElement);
  #smooth = byId("smooth-loss", HTMLElement);
  #told = -Infinity;
  #sorted = -Infinity;
  /** @type {Sorting} */
  #sorting = null;
  /** @type {HTMLTableCellElement[]} */
  #heads = [];

  /** @param {readonly string[]} layers */
  constructor(layers) {
    this.#rows = layers.map((layer) => {
      const content = makeSide("content");
      const style = makeSide("style");
      const name = make("th", { scope: "row" }, readable(layer));
      const cells = [...content.cells, name, ...style.cells.reverse()];
      return { content, style, element: make("tr", { "data-layer": layer }, ...cells) };
    });
    this.#body.replaceChildren(...this.#rows.map((row) => row.element));
    const heads = [
      ...this.#makeHeads("content"), make("th", { scope: "col" }, "layer"), ...this.#makeHeads("style").reverse(),
    ];
    byId("losses-head", HTMLTableRowElement).replaceChildren(...heads);
  }

  /** @param {"content" | "style"} term */
  #makeHeads(term) {
    return /** @type {const} */ (["raw", "weight", "share"]).map((figure) => {
      const key = make("button", { type: "button", "aria-label": `${term} ${figure}` }, figure === "share" ? term : figure);
      const head = make("th", { scope: "col", class: figure, "data-term": term, "aria-sort": "none" }, key);
      key.addEventListener("click", () => {
        this.#sorting = pressed(this.#sorting, term, figure);
        for (const other of this.#heads) other.ariaSort = "none";
        if (this.#sorting) head.ariaSort = this.#sorting.down ? "descending" : "ascending";
        this.#sorted = -Infinity;
        if (this.#last) this.update(this.#last);
      });
      this.#heads.push(head);
      return head;
    });
  }

  /** @type {Epoch | null} */
  #last = null;

  /** @param {Epoch} epoch */
  update(epoch) {
    this.#last = epoch;
    const now = performance.now();
    if (now - this.#sorted >= SETTLED_MS) this.#sort(epoch, now);
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

  /**
   * @param {Epoch} epoch
   * @param {number} now ms
   */
  #sort(epoch, now) {
    this.#sorted = now;
    for (const [place, index] of order(epoch.losses, this.#sorting).entries()) {
      const element = this.#rows[index]?.element;
      if (element && this.#body.children[place] !== element) {
        this.#body.insertBefore(element, this.#body.children[place] ?? null);
      }
    }
  }
}
