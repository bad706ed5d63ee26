// @ts-check
/**
 * The loss table: a butterfly, content to the left of each layer's name, style to the right;
 * raw loss, weight and share of the whole in numbers, the share as a bar too. A press on a
 * heading sorts by it, another the other way round, a third puts the network's order back.
 */

import { button, byId, make, say, set } from "../dom.js";
import { readable } from "../layers.js";
import { lossWords, shareWords, weightWords } from "../format.js";

/** @typedef {"raw" | "weight" | "share"} Figure */
/** @typedef {{term: TermName, figure: Figure, down: boolean} | null} Sorting */

/** Numbers that change faster cannot be read, ms. */
const READABLE_MS = 250;
/** Rows that change places faster cannot be followed, ms. */
const SETTLED_MS = 1500;
const FIGURES = /** @type {const} */ (["raw", "weight", "share"]);

/** Indices of the rows as they are to be shown. @param {LayerLoss[]} losses in network order @param {Sorting} sorting */
export function order(losses, sorting) {
  const indices = [...losses.keys()];
  if (!sorting) return indices;
  const value = (/** @type {number} */ index) => (losses[index]?.[sorting.term][sorting.figure] ?? 0) * (sorting.down ? -1 : 1);
  return indices.sort((a, b) => value(a) - value(b));
}

/** What a press on a heading makes of the sorting: down, up, off. @param {Sorting} now @param {TermName} term @param {Figure} figure @returns {Sorting} */
export function pressed(now, term, figure) {
  if (now?.term !== term || now.figure !== figure) return { term, figure, down: true };
  return now.down ? { term, figure, down: false } : null;
}

/** Three cells of a row. @param {TermName} term */
function makeSide(term) {
  const [raw, weight, share] = [make("td", { class: "raw" }), make("td", { class: "weight" }), make("span")];
  const part = make("td", { class: "part", "data-term": term }, make("i", { class: "pull" }), share);
  return {
    cells: [raw, weight, part],
    /** @param {Term} loss @param {boolean} numbers too */
    show(loss, numbers) {
      set(part, { "--share": loss.share.toFixed(3) });
      if (!numbers) return;
      say(raw, lossWords(loss.raw));
      say(weight, weightWords(loss.weight));
      say(share, shareWords(loss.share));
    },
  };
}

/** @param {Page} page */
export function start({ layers, hear }) {
  const body = byId("losses-body");
  const rows = layers.map((layer) => {
    const [content, style] = [makeSide("content"), makeSide("style")];
    const cells = [...content.cells, make("th", { scope: "row" }, readable(layer)), ...style.cells.toReversed()];
    return { content, style, element: make("tr", { "data-layer": layer }, ...cells) };
  });
  let told = -Infinity;
  let sorted = -Infinity;
  /** @type {Sorting} */
  let sorting = null;
  /** @type {Epoch | null} */
  let last = null;

  const heads = (/** @type {TermName} */ term) => FIGURES.map((figure) => {
    const head = make("th", { scope: "col", class: figure, "data-term": term, "aria-sort": "none" });
    const sort = () => {
      sorting = pressed(sorting, term, figure);
      for (const other of document.querySelectorAll("#losses-head th")) other.ariaSort = "none";
      if (sorting) head.ariaSort = sorting.down ? "descending" : "ascending";
      sorted = -Infinity;
      if (last) update(last);
    };
    head.append(button(figure === "share" ? term : figure, sort, { "aria-label": `${term} ${figure}` }));
    return head;
  });
  byId("losses-head").replaceChildren(...heads("content"), make("th", { scope: "col" }, "layer"), ...heads("style").reverse());
  body.replaceChildren(...rows.map((row) => row.element));
  hear("epoch", update);

  /** @param {Epoch} epoch */
  function update(epoch) {
    last = epoch;
    const now = performance.now();
    if (now - sorted >= SETTLED_MS) {
      sorted = now;
      const elements = order(epoch.losses, sorting).map((index) => rows[index]?.element ?? "");
      if (elements.some((element, place) => body.children[place] !== element)) body.replaceChildren(...elements);
    }
    const numbers = now - told >= READABLE_MS;
    for (const [index, loss] of epoch.losses.entries()) {
      for (const term of /** @type {const} */ (["content", "style"])) rows[index]?.[term].show(loss[term], numbers);
    }
    if (!numbers) return;
    told = now;
    say(byId("total"), lossWords(epoch.total));
    say(byId("smooth-loss"), lossWords(epoch.smooth));
  }
}
