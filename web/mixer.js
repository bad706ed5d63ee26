// @ts-check
/**
 * The desk: a strip for each layer, and the masters.
 */

import { termWeights, ticks } from "./control-math.js";
import { byId, make, press, set } from "./dom.js";
import { makeFader } from "./fader.js";
import { makeStrip } from "./channel-strip.js";

const TERMS = /** @type {const} */ (["content", "style"]);

/** @type {[name: string, title: string, label: string][]} */
const MASTERS = [
  ["content.master", "content", "all content"],
  ["style.master", "style", "all style"],
  ["smooth", "smooth", "smoothness"],
  ["learning_rate", "step", "learning rate"],
  ["style_mix", "mix", "style mix, from A to B"],
  ["size", "size", "size of the painting"],
];

/** @param {Store} store @param {readonly string[]} layers in network order @param {string} network */
export function makeMixer(store, layers, network) {
  const strips = layers.map((layer) => makeStrip(layer, network, store));
  const masters = byId("masters");
  set(byId("strips"), { "--strips": layers.length })
    .replaceChildren(makeRail(store.row(`content.${layers[0]}`)), ...strips.map(({ root }) => root));
  masters.replaceChildren(...MASTERS.map(([name, title, label]) => {
    const { root, out } = makeFader(store.row(name), store, label);
    return make("div", { class: "master", "data-master": name }, make("span", { "aria-hidden": "true" }, title), root, out);
  }));
  byId("choices").replaceChildren(makeChoice(store, "color", "colour"), makeChoice(store, "optimizer", "optimizer"));
  watchTabs();

  let asked = false;
  /** What is not heard is dimmed. */
  function showSilence() {
    asked = false;
    for (const term of TERMS) {
      const weights = termWeights(store.row, store.position, layers, term);
      for (const [index, weight] of weights.entries()) strips[index]?.root.classList.toggle(`silent-${term}`, weight === 0);
    }
  }
  function ask() {
    if (!asked) queueMicrotask(showSilence);
    asked = true;
  }
  for (const term of TERMS) {
    store.watch(`${term}.master`, ask);
    for (const layer of layers) for (const end of ["", ".solo", ".mute"]) store.watch(`${term}.${layer}${end}`, ask);
  }

  return {
    /** @param {Epoch} epoch */
    update({ losses }) {
      for (const [index, loss] of losses.entries()) strips[index]?.update(loss);
    },
    /** With one style there is nothing to mix. @param {number} count */
    styles: (count) => masters.classList.toggle("one-style", count < 2),
  };
}

/** The engraving left of the first strip: which row is which, and the scale of the faders. @param {Row} row */
function makeRail(row) {
  const scale = ticks(row).map(({ position, value }) =>
    make("span", { "--at": position }, position || row.curve !== "log_off" ? `×${Number(value.toPrecision(2))}` : "off"));
  const names = TERMS.map((term) => make("b", { "data-term": term }, term));
  return make("div", { class: "rail", "aria-hidden": "true" }, ...names, make("div", { class: "scale" }, ...scale));
}

/** A control that is one of some names. @param {Store} store @param {string} name @param {string} title */
function makeChoice(store, name, title) {
  const { choices, help } = store.row(name);
  const select = make("select", {
    onchange: () => store.move(name, select.selectedIndex),
  }, ...choices.map((choice) => make("option", {}, choice)));
  store.watch(name, (index) => (select.selectedIndex = index));
  return make("label", { class: "choice", "data-control": name, title: help }, title, select);
}

/** On a phone one group of handles is shown at a time. */
function watchTabs() {
  const desk = byId("desk");
  const tabs = /** @type {NodeListOf<HTMLElement>} */ (desk.querySelectorAll("[data-tab]"));
  for (const tab of tabs) {
    tab.onclick = () => {
      desk.dataset.shown = tab.dataset.tab;
      for (const other of tabs) press(other, other === tab);
    };
  }
}
