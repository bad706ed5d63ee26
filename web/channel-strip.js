// @ts-check
/**
 * One channel strip: a knob or fader for each term of a layer, with its value, solo, mute and
 * meter. The parts are children of one grid, so that the style sheet alone decides how a strip is
 * laid out on a screen or on a phone.
 */

import { clamp, positionOf } from "./control-math.js";
import { button, el, setPressed, setProps } from "./dom.js";
import { makeFader, makeKnob } from "./fader.js";
import { describe, readable } from "./layers.js";

/** Range of the raw loss's bar, from its top to its bottom. */
const DECADES = 3;
const WIDGETS = { knob: makeKnob, fader: makeFader };

/** @typedef {LayerTerm & {column: number}} StripTerm of the strip's grid, from 1: the handle's; its meter stands in the next one */

/**
 * The terms as a strip has them from left to right, knobs before faders, two columns each.
 * @param {readonly LayerTerm[]} terms
 * @returns {StripTerm[]}
 */
export function stripOrder(terms) {
  const isKnob = (/** @type {LayerTerm} */ { widget }) => Number(widget === "knob");
  return terms.toSorted((a, b) => isKnob(b) - isKnob(a)).map((term, index) => ({ ...term, column: 2 * index + 1 }));
}

/** A toggle button: solo, mute, freeze. @param {ControlRow} row @param {ControlStore} store @param {string} text @param {string} label */
function makeSwitch({ name, term, help }, store, text, label) {
  const toggle = button(text, () => store.toggle(name), {
    class: "switch", "data-control": name, "data-term": term, "aria-label": label, title: help,
  });
  store.watch(name, (on) => setPressed(toggle, on > 0));
  return toggle;
}

/** A loss on a logarithmic scale from a thousandth of its highest value (0) to that (1). @param {number} raw @param {number} highest */
export const relativeLevel = (raw, highest) => (raw > 0 ? clamp(1 + Math.log10(raw / highest) / DECADES) : 0);

/**
 * Three bars for one term: its raw loss on a logarithmic scale, relative to its highest; the
 * effective weight; its share of the loss.
 * @param {ControlRow} row of the term: the weight is drawn on its control's scale
 */
function makeMeter(row) {
  const bars = ["raw", "weight", "share"].map((name) => el("i", { class: name }));
  const root = el("div", { class: "meter", "aria-hidden": "true", "data-share": row.name }, ...bars);
  let highest = 0;
  return {
    root,
    /** @param {TermLoss} term */
    update({ raw, weight, share }) {
      highest = Math.max(highest, raw);
      const levels = { "--raw": relativeLevel(raw, highest), "--weight": positionOf(row, weight), "--share": share };
      for (const [name, level] of Object.entries(levels)) root.style.setProperty(name, level.toFixed(4));
    },
  };
}

/** @param {LayerRow} layer @param {readonly StripTerm[]} terms @param {ControlStore} store @param {Names} names */
export function makeChannelStrip(layer, terms, store, { nameOf }) {
  const { effect, field_px } = layer;
  const label = readable(layer.name);
  // A scene that is recalled leaves a frozen strip as it is.
  const freeze = makeSwitch(store.row(`freeze.${layer.name}`), store, "", nameOf(`freeze.${layer.name}`));
  freeze.classList.add("freeze");
  const root = el("section", { class: "strip", "aria-label": `${effect}, ${label}`, "data-layer": layer.name }, el(
    "header", {}, el("h2", {}, effect), el("p", {}, `${label} `, el("span", {}, `${field_px} px`)), freeze,
  ));

  const parts = terms.map((term) => {
    const name = `${term.name}.${layer.name}`;
    const row = store.row(name);
    const control = WIDGETS[term.widget](row, store, `${nameOf(name)}, ${label}`);
    const meter = makeMeter(row);
    const toggle = (/** @type {"solo" | "mute"} */ kind, /** @type {string} */ letter) =>
      makeSwitch(store.row(`${name}.${kind}`), store, letter, nameOf(`${name}.${kind}`));
    const elements = [control.root, meter.root, el("div", { class: "foot" }, toggle("solo", "S"), control.valueField, toggle("mute", "M"))];
    for (const element of elements) setProps(element, { "data-term": term.name, "data-widget": term.widget, "--column": term.column });
    root.append(...elements);
    setProps(control.input, {
      "aria-description": describe(term, layer),
      onkeydown(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const target = { s: `${name}.solo`, m: `${name}.mute`, f: `freeze.${layer.name}` }[event.key];
        if (target) store.toggle(target);
      },
    });
    return { name: term.name, meter, elements };
  });

  return {
    root, parts,
    /** @param {LayerLoss} losses of this layer */
    update(losses) {
      for (const { name, meter } of parts) meter.update(losses[name]);
    },
  };
}
