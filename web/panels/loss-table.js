// @ts-check
/**
 * The loss table: the first term to the left of each layer's name, the others to the right; raw loss,
 * weight and share of the whole in numbers, the share as a bar too. A press on a heading sorts by it,
 * another one the other way round, a third restores the network's order.
 */

import { button, byId, el, setProps, setText } from "../dom.js";
import { formatLoss, formatShare, formatWeight } from "../format.js";

/** @typedef {"raw" | "weight" | "share"} Figure */
/** @typedef {{term: TermName, figure: Figure, descending: boolean} | null} Sorting */

/** Numbers that change faster cannot be read, ms. */
const NUMBERS_MS = 250;
/** Rows that change places faster cannot be followed, ms. */
const SORT_MS = 1500;
const FIGURES = /** @type {const} */ (["raw", "weight", "share"]);

/** Indices of the rows in the order to be shown. @param {LayerLoss[]} losses in network order @param {Sorting} sorting */
export function sortRows(losses, sorting) {
  const indices = [...losses.keys()];
  if (!sorting) return indices;
  const value = (/** @type {number} */ index) => (losses[index]?.[sorting.term][sorting.figure] ?? 0) * (sorting.descending ? -1 : 1);
  return indices.sort((a, b) => value(a) - value(b));
}

/** The sorting after a press on a heading: descending, ascending, none. @param {Sorting} now @param {TermName} term @param {Figure} figure @returns {Sorting} */
export function nextSorting(now, term, figure) {
  if (now?.term !== term || now.figure !== figure) return { term, figure, descending: true };
  return now.descending ? { term, figure, descending: false } : null;
}

/** The three cells of a term. @param {TermName} term */
function makeCells(term) {
  const [raw, weight, share] = [el("td", { class: "raw" }), el("td", { class: "weight" }), el("span")];
  const shareCell = el("td", { class: "part", "data-term": term }, el("i", { class: "share-bar" }), share);
  return {
    cells: [raw, weight, shareCell],
    /** @param {TermLoss} loss @param {boolean} numbers too */
    show(loss, numbers) {
      setProps(shareCell, { "--share": loss.share.toFixed(3) });
      if (!numbers) return;
      setText(raw, formatLoss(loss.raw));
      setText(weight, formatWeight(loss.weight));
      setText(share, formatShare(loss.share));
    },
  };
}

/** The cells of each term around that of the layer: the first term's before it, mirrored the others'. @param {HTMLElement[][]} cells @param {HTMLElement} layer */
const aroundLayer = ([first = [], ...others], layer) => [...first, layer, ...others.flatMap((cells) => cells.toReversed())];

/** @param {Page} page */
export function start({ layers, terms, layerTerms, names: { nameOf, layerOf }, on }) {
  const body = byId("losses-body");
  const names = layerTerms.map(({ name }) => name);
  const rows = layers.map((layer) => {
    const parts = names.map((name) => ({ name, ...makeCells(name) }));
    const cells = aroundLayer(parts.map(({ cells }) => cells), el("th", { scope: "row", title: layerOf(layer.name) }, nameOf(layer.name)));
    return { parts, element: el("tr", { "data-layer": layer.name }, ...cells) };
  });
  const totals = terms.filter(({ per_layer }) => !per_layer).map(({ name }) => {
    const field = el("dd", {}, "–");
    byId("totals").append(el("dt", {}, nameOf(name)), field);
    return { name: /** @type {"smooth"} */ (name), field };
  });
  let numbersAt = -Infinity;
  let sortedAt = -Infinity;
  /** @type {Sorting} */
  let sorting = null;
  /** @type {EpochMessage | null} */
  let newest = null;

  const headings = (/** @type {TermName} */ term) => FIGURES.map((figure) => {
    const heading = el("th", { scope: "col", class: figure, "data-term": term, "aria-sort": "none" });
    const sort = () => {
      sorting = nextSorting(sorting, term, figure);
      for (const other of document.querySelectorAll("#losses-head th")) other.ariaSort = "none";
      if (sorting) heading.ariaSort = sorting.descending ? "descending" : "ascending";
      sortedAt = -Infinity;
      if (newest) update(newest);
    };
    heading.append(button(figure === "share" ? term : figure, sort, { "aria-label": `${term} ${figure}` }));
    return heading;
  });
  byId("losses-head").replaceChildren(...aroundLayer(names.map(headings), el("th", { scope: "col" }, "layer")));
  body.replaceChildren(...rows.map((row) => row.element));
  on("epoch", update);

  /** @param {EpochMessage} epoch */
  function update(epoch) {
    newest = epoch;
    const now = performance.now();
    if (now - sortedAt >= SORT_MS) {
      sortedAt = now;
      const elements = sortRows(epoch.losses, sorting).map((index) => rows[index]?.element ?? "");
      if (elements.some((element, place) => body.children[place] !== element)) body.replaceChildren(...elements);
    }
    const numbers = now - numbersAt >= NUMBERS_MS;
    for (const [index, loss] of epoch.losses.entries()) {
      for (const { name, show } of rows[index]?.parts ?? []) show(loss[name], numbers);
    }
    if (!numbers) return;
    numbersAt = now;
    setText(byId("total"), formatLoss(epoch.total));
    for (const { name, field } of totals) setText(field, formatLoss(epoch[name]));
  }
}
