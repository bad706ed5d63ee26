// @ts-check
/**
 * The mixer: a channel strip for each layer, and the masters.
 */

import { termWeights, ticks } from "./control-math.js";
import { byId, el, setPressed, setProps } from "./dom.js";
import { makeFader } from "./fader.js";
import { makeChannelStrip } from "./channel-strip.js";

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

/** @param {ControlStore} store @param {readonly string[]} layers in network order @param {string} network */
export function makeMixer(store, layers, network) {
  const strips = layers.map((layer) => makeChannelStrip(layer, network, store));
  const masters = byId("masters");
  setProps(byId("strips"), { "--strips": layers.length })
    .replaceChildren(makeRail(store.row(`content.${layers[0]}`)), ...strips.map(({ root }) => root));
  masters.replaceChildren(...MASTERS.map(([name, title, label]) => {
    const { root, valueField } = makeFader(store.row(name), store, label);
    return el("div", { class: "master", "data-master": name }, el("span", { "aria-hidden": "true" }, title), root, valueField);
  }));
  byId("choices").replaceChildren(makeChoice(store, "color", "colour"), makeChoice(store, "optimizer", "optimizer"));
  startTabs();

  let scheduled = false;
  /** Dim the terms of weight 0. */
  function showSilent() {
    scheduled = false;
    for (const term of TERMS) {
      const weights = termWeights(store.row, store.position, layers, term);
      for (const [index, weight] of weights.entries()) strips[index]?.root.classList.toggle(`silent-${term}`, weight === 0);
    }
  }
  /** Several controls often change at once. */
  function scheduleSilent() {
    if (!scheduled) queueMicrotask(showSilent);
    scheduled = true;
  }
  for (const term of TERMS) {
    store.watch(`${term}.master`, scheduleSilent);
    for (const layer of layers) {
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

/** The labels left of the first strip: the rows, and the scale of the faders. @param {ControlRow} row */
function makeRail(row) {
  const scale = ticks(row).map(({ position, value }) =>
    el("span", { "--at": position }, position || row.curve !== "log_off" ? `×${Number(value.toPrecision(2))}` : "off"));
  const names = TERMS.map((term) => el("b", { "data-term": term }, term));
  return el("div", { class: "rail", "aria-hidden": "true" }, ...names, el("div", { class: "scale" }, ...scale));
}

/** A control whose value is one of some names. @param {ControlStore} store @param {string} name @param {string} title */
function makeChoice(store, name, title) {
  const { choices, help } = store.row(name);
  const select = el("select", {
    onchange: () => store.move(name, select.selectedIndex),
  }, ...choices.map((choice) => el("option", {}, choice)));
  store.watch(name, (index) => (select.selectedIndex = index));
  return el("label", { class: "choice", "data-control": name, title: help }, title, select);
}

/** On a phone one group of controls is shown at a time. */
function startTabs() {
  const mixer = byId("mixer");
  const tabs = /** @type {NodeListOf<HTMLElement>} */ (mixer.querySelectorAll("[data-tab]"));
  for (const tab of tabs) {
    tab.onclick = () => {
      mixer.dataset.shown = tab.dataset.tab;
      for (const other of tabs) setPressed(other, other === tab);
    };
  }
}
