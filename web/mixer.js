// @ts-check
/**
 * The desk: a strip for each layer, and the masters.
 */

import { termWeights, ticks } from "./curve.js";
import { makeChoice } from "./choice.js";
import { byId, make } from "./element.js";
import { makeFader } from "./fader.js";
import { makeStrip } from "./strip.js";

/** @typedef {import("./types.js").Epoch} Epoch */
/** @typedef {import("./store.js").Store} Store */

/** @type {[name: string, title: string, label: string][]} */
const MASTERS = [
  ["content.master", "content", "all content"],
  ["style.master", "style", "all style"],
  ["smooth", "smooth", "smoothness"],
  ["learning_rate", "step", "learning rate"],
  ["style_mix", "mix", "style mix, from A to B"],
  ["size", "size", "size of the painting"],
];
/** @type {[name: string, title: string][]} */
const CHOICES = [["color", "colour"], ["optimizer", "optimizer"]];

export class Mixer {
  #strips;

  /**
   * @param {Store} store
   * @param {readonly string[]} layers in network order
   * @param {string} network
   */
  constructor(store, layers, network) {
    this.#strips = layers.map((layer) => makeStrip(layer, network, store));
    const strips = byId("strips", HTMLDivElement);
    strips.style.setProperty("--strips", String(layers.length));
    strips.replaceChildren(makeRail(store, layers), ...this.#strips.map((strip) => strip.root));
    byId("masters", HTMLDivElement).replaceChildren(...makeMasters(store));
    byId("choices", HTMLDivElement).replaceChildren(
      ...CHOICES.filter(([name]) => store.has(name)).map(([name, title]) => makeChoice(store.row(name), store, title)),
    );
    this.#watchSilence(store, layers);
    watchTabs();
  }

  /** @param {Epoch} epoch */
  update(epoch) {
    for (const [index, losses] of epoch.losses.entries()) this.#strips[index]?.update(losses);
  }

  /**
   * With one style there is nothing to mix.
   * @param {number} count
   */
  styles(count) {
    byId("masters", HTMLDivElement).classList.toggle("one-style", count < 2);
  }

  /**
   * @param {Store} store
   * @param {readonly string[]} layers
   */
  #watchSilence(store, layers) {
    let asked = false;
    const show = () => {
      asked = false;
      for (const term of /** @type {const} */ (["content", "style"])) {
        const row = store.row.bind(store);
        const weights = termWeights(row, store.position.bind(store), layers, term);
        for (const [index, weight] of weights.entries()) {
          this.#strips[index]?.silence(term, weight === 0);
        }
      }
    };
    const ask = () => {
      if (asked) return;
      asked = true;
      queueMicrotask(show);
    };
    for (const term of ["content", "style"]) {
      store.watch(`${term}.master`, ask);
      for (const layer of layers) {
        for (const end of ["", ".solo", ".mute"]) store.watch(`${term}.${layer}${end}`, ask);
      }
    }
  }
}

/**
 * The engraving left of the first strip: which row is which, and the scale of the faders.
 * @param {Store} store
 * @param {readonly string[]} layers
 */
function makeRail(store, layers) {
  const row = store.row(`content.${layers[0]}`);
  const scale = ticks(row).map(({ position, value }) => {
    const off = row.curve === "log_off" && position === 0;
    const text = off ? "off" : `×${Number(value.toPrecision(2))}`;
    const mark = make("span", {}, text);
    mark.style.setProperty("--at", String(position));
    return mark;
  });
  return make(
    "div",
    { class: "rail", "aria-hidden": "true" },
    make("b", { "data-term": "style" }, "style"),
    make("b", { "data-term": "content" }, "content"),
    make("div", { class: "scale" }, ...scale),
  );
}

/** @param {Store} store */
function makeMasters(store) {
  return MASTERS.filter(([name]) => store.has(name)).map(([name, title, label]) => {
    const { root, out } = makeFader(store.row(name), store, label);
    return make(
      "div",
      { class: "master", "data-master": name },
      make("span", { class: "title", "aria-hidden": "true" }, title),
      root,
      out,
    );
  });
}

/** On a phone one group of handles is shown at a time. */
function watchTabs() {
  const desk = byId("desk", HTMLElement);
  const tabs = [...desk.querySelectorAll("button[data-tab]")];
  for (const tab of tabs) {
    tab.addEventListener("click", () => {
      desk.dataset.shown = tab.getAttribute("data-tab") ?? "";
      for (const other of tabs) other.setAttribute("aria-pressed", String(other === tab));
    });
  }
}
