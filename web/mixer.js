// @ts-check
/**
 * The mixer: a channel strip for each layer, and the masters.
 */

import { termWeights } from "./control-math.js";
import { button, byId, el, setPressed, setProps } from "./dom.js";
import { makeFader } from "./fader.js";
import { makeChannelStrip, stripOrder } from "./channel-strip.js";
import { titleOf } from "./layers.js";

/** @typedef {import("./channel-strip.js").StripTerm} StripTerm */

/** @param {ControlStore} store @param {readonly LayerRow[]} layers in network order @param {readonly LayerTerm[]} layerTerms @param {Names} names */
export function makeMixer(store, layers, layerTerms, names) {
  const terms = stripOrder(layerTerms);
  const strips = layers.map((layer) => makeChannelStrip(layer, terms, store, names));
  setProps(byId("strips"), { "--strips": layers.length }).replaceChildren(makeRail(terms), ...strips.map(({ root }) => root));
  const masters = byId("masters");
  masters.replaceChildren(...store.rowsIn("masters").map((row) => {
    const { root, valueField } = makeFader(row, store, names.nameOf(row.name));
    return el("div", { class: "master", "data-master": row.name }, el("span", { "aria-hidden": "true" }, titleOf(row)), root, valueField);
  }));
  byId("choices").replaceChildren(...store.rowsIn("choices").map((row) => makeChoice(store, row)));
  startTabs(terms);

  const termNames = terms.map(({ name }) => name);
  const layerNames = layers.map(({ name }) => name);
  let scheduled = false;
  /** Dim the terms of weight 0. */
  function showSilent() {
    scheduled = false;
    for (const [term, weights] of termWeights(store.row, store.position, layerNames, termNames).entries()) {
      for (const [index, weight] of weights.entries()) {
        for (const element of strips[index]?.parts[term]?.elements ?? []) element.classList.toggle("silent", weight === 0);
      }
    }
  }
  /** Several controls often change at once. */
  function scheduleSilent() {
    if (!scheduled) queueMicrotask(showSilent);
    scheduled = true;
  }
  for (const term of termNames) {
    store.watch(`${term}.master`, scheduleSilent);
    for (const layer of layerNames) {
      for (const suffix of ["", ".solo", ".mute"]) store.watch(`${term}.${layer}${suffix}`, scheduleSilent);
    }
  }

  return {
    /** @param {EpochMessage} epoch */
    update({ losses }) {
      for (const [index, loss] of losses.entries()) strips[index]?.update(loss);
    },
    /** With one style there is nothing to mix. @param {number} count */
    setStyleCount: (count) => masters.classList.toggle("one-style", count < 2),
  };
}

/** The labels left of the first strip. @param {readonly StripTerm[]} terms */
function makeRail(terms) {
  return el("div", { class: "rail", "aria-hidden": "true" }, ...terms.map(({ name }) => el("b", { "data-term": name }, name)));
}

/** A control whose value is one of some names. @param {ControlStore} store @param {ControlRow} row */
function makeChoice(store, row) {
  const { name, choices, help } = row;
  const select = el("select", {
    onchange: () => store.move(name, select.selectedIndex),
  }, ...choices.map((choice) => el("option", {}, choice)));
  store.watch(name, (index) => (select.selectedIndex = index));
  return el("label", { class: "choice", "data-control": name, title: help }, titleOf(row), select);
}

/**
 * Where the desk has no room for all, one group of controls is shown at a time: one term of all
 * layers, the masters; on a phone also what lies beside the painting elsewhere. @param {readonly StripTerm[]} terms
 */
function startTabs(terms) {
  const mixer = byId("mixer");
  const groups = [...terms, ...["masters", "pictures", "scenes"].map((name) => ({ name, widget: name }))];
  const tabs = groups.map(({ name, widget }) => button(name, () => show(name, widget), { "data-tab": name }));
  byId("tabs").replaceChildren(...tabs);

  /** @param {string} name @param {string} widget */
  function show(name, widget) {
    mixer.dataset.shown = widget;
    for (const tab of tabs) setPressed(tab, tab.dataset.tab === name);
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (mixer.querySelectorAll(".strip > [data-term]"))) {
      part.classList.toggle("other-tab", part.dataset.term !== name);
    }
  }
  const [first] = terms;
  if (first) show(first.name, first.widget);
}
