// @ts-check
/**
 * One channel strip: a layer's style knob and content fader, each with its words, solo and
 * mute, and its bars. The parts are children of one grid, so that the style sheet alone
 * decides how a strip stands on a desk or on a phone.
 */

import { clamp, positionOf } from "./control-math.js";
import { button, make, press, set } from "./dom.js";
import { makeFader, makeKnob } from "./fader.js";
import { governs, readable, receptiveField, tells } from "./layers.js";

/** Of the raw loss, from the top of its bar to the bottom. */
const DECADES = 3;

/** A small key that stays down: solo, mute, freeze. @param {Row} row @param {Store} store @param {string} text @param {string} label */
function makeSwitch({ name, term, help }, store, text, label) {
  const key = button(text, () => store.flip(name), {
    class: "switch", "data-control": name, "data-term": term, "aria-label": label, title: help,
  });
  store.watch(name, (on) => press(key, on > 0));
  return key;
}

/** Where a loss stands between its highest (1) and a thousandth of that (0). @param {number} raw @param {number} highest */
export const fallen = (raw, highest) => (raw > 0 ? clamp(1 + Math.log10(raw / highest) / DECADES) : 0);

/**
 * Three bars for one term: its raw loss, on a logarithmic scale down from the highest it has
 * been; the weight as heard; its share of the loss (a ladder).
 * @param {Row} row of the term's handle: the weight is drawn on the handle's own scale
 */
function makeMeter(row) {
  const bars = ["raw", "weight", "share"].map((name) => make("i", { class: name }));
  const root = make("div", { class: "meter", "aria-hidden": "true", "data-term": row.term, "data-share": row.name }, ...bars);
  let highest = 0;
  return {
    root,
    /** @param {Term} term */
    update({ raw, weight, share }) {
      highest = Math.max(highest, raw);
      const levels = { "--raw": fallen(raw, highest), "--weight": positionOf(row, weight), "--share": share };
      for (const [name, level] of Object.entries(levels)) root.style.setProperty(name, level.toFixed(4));
    },
  };
}

/** @param {string} layer @param {string} network @param {Store} store */
export function makeStrip(layer, network, store) {
  const side = receptiveField(layer, network);
  const hint = governs(side);
  const called = readable(layer);
  // A scene that is recalled passes a frozen strip by.
  const freeze = makeSwitch(store.row(`freeze.${layer}`), store, "", `freeze ${called}`);
  freeze.classList.add("freeze");
  const root = make("section", { class: "strip", "aria-label": `${called}, ${hint}`, "data-layer": layer }, make(
    "header", {}, make("h2", {}, hint),
    make("p", {}, `${called} `, make("span", {}, side === null ? "" : `${side} px`)), freeze,
  ));

  /** @param {TermName} term @param {typeof makeFader} makeHandle */
  function add(term, makeHandle) {
    const name = `${term}.${layer}`;
    const row = store.row(name);
    const handle = makeHandle(row, store, `${term}, ${called}, ${hint}`);
    const meter = makeMeter(row);
    const key = (/** @type {"solo" | "mute"} */ act, /** @type {string} */ letter) =>
      makeSwitch(store.row(`${name}.${act}`), store, letter, `${act} ${term}, ${called}`);
    root.append(handle.root, meter.root, make("div", { class: "foot", "data-term": term }, key("solo", "S"), handle.out, key("mute", "M")));
    set(handle.input, {
      "aria-description": tells(term, layer, side),
      onkeydown(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const control = { s: `${name}.solo`, m: `${name}.mute`, f: `freeze.${layer}` }[event.key];
        if (control) store.flip(control);
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
