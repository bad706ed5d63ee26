// @ts-check
/**
 * One channel strip: a layer's style knob and content fader, each with its value, solo, mute and
 * meter. The parts are children of one grid, so that the style sheet alone decides how a strip is
 * laid out on a screen or on a phone.
 */

import { clamp, positionOf } from "./control-math.js";
import { button, el, setPressed, setProps } from "./dom.js";
import { makeFader, makeKnob } from "./fader.js";
import { effectName, layerLabel, receptiveField, describe } from "./layers.js";

/** Range of the raw loss's bar, from its top to its bottom. */
const DECADES = 3;

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
  const root = el("div", { class: "meter", "aria-hidden": "true", "data-term": row.term, "data-share": row.name }, ...bars);
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

/** @param {string} layer @param {string} network @param {ControlStore} store */
export function makeChannelStrip(layer, network, store) {
  const field = receptiveField(layer, network);
  const effect = effectName(field);
  const label = layerLabel(layer);
  // A scene that is recalled leaves a frozen strip as it is.
  const freeze = makeSwitch(store.row(`freeze.${layer}`), store, "", `freeze ${label}`);
  freeze.classList.add("freeze");
  const root = el("section", { class: "strip", "aria-label": `${label}, ${effect}`, "data-layer": layer }, el(
    "header", {}, el("h2", {}, effect),
    el("p", {}, `${label} `, el("span", {}, field === null ? "" : `${field} px`)), freeze,
  ));

  /** @param {TermName} term @param {typeof makeFader} makeControl */
  function add(term, makeControl) {
    const name = `${term}.${layer}`;
    const row = store.row(name);
    const control = makeControl(row, store, `${term}, ${label}, ${effect}`);
    const meter = makeMeter(row);
    const toggle = (/** @type {"solo" | "mute"} */ kind, /** @type {string} */ letter) =>
      makeSwitch(store.row(`${name}.${kind}`), store, letter, `${kind} ${term}, ${label}`);
    root.append(
      control.root, meter.root,
      el("div", { class: "foot", "data-term": term }, toggle("solo", "S"), control.valueField, toggle("mute", "M")),
    );
    setProps(control.input, {
      "aria-description": describe(term, layer, field),
      onkeydown(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const target = { s: `${name}.solo`, m: `${name}.mute`, f: `freeze.${layer}` }[event.key];
        if (target) store.toggle(target);
      },
    });
    return meter;
  }
  const meters = { style: add("style", makeKnob), content: add("content", makeFader) };

  return {
    root,
    /** @param {LayerLoss} losses of this layer */
    update(losses) {
      meters.style.update(losses.style);
      meters.content.update(losses.content);
    },
  };
}
