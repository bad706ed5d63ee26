// @ts-check
/**
 * One channel strip: a layer's style knob and content fader, each with its words, solo and
 * mute, and its two bars. The parts are children of one grid, so that the style sheet alone
 * decides how a strip stands on a desk or on a phone.
 */

import { makeFader } from "./fader.js";
import { makeKnob } from "./knob.js";
import { governs, readable, receptiveField, tells } from "./layers.js";
import { draw, make } from "./element.js";
import { makeMeter } from "./meter.js";
import { flip, makeSwitch } from "./switch.js";

/** @typedef {import("./types.js").Epoch} Epoch */

/** A padlock: a scene that is recalled passes this strip by.
 * @param {import("./types.js").Row} row
 * @param {import("./store.js").Store} store
 * @param {string} layer
 */
function makeFreeze(row, store, layer) {
  const key = makeSwitch(row, store, "", `freeze ${readable(layer)}`);
  key.classList.add("freeze");
  const lock = "M4.5 8V5.5a3.5 3.5 0 0 1 7 0V8M3 8h10v6H3z";
  key.append(draw("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, draw("path", { d: lock })));
  return key;
}

/**
 * @param {string} layer
 * @param {string} network
 * @param {import("./store.js").Store} store
 */
export function makeStrip(layer, network, store) {
  const side = receptiveField(layer, network);
  const hint = governs(side);
  const reach = side === null ? "" : `${side} px`;
  const head = make(
    "header",
    {},
    make("h2", {}, hint),
    make("p", {}, readable(layer), " ", make("span", {}, reach)),
  );
  if (store.has(`freeze.${layer}`)) head.append(makeFreeze(store.row(`freeze.${layer}`), store, layer));

  const knob = makeKnob(store.row(`style.${layer}`), store, `style, ${readable(layer)}, ${hint}`);
  const fader = makeFader(
    store.row(`content.${layer}`), store, `content, ${readable(layer)}, ${hint}`,
  );
  const meters = {
    style: makeMeter(store.row(`style.${layer}`)),
    content: makeMeter(store.row(`content.${layer}`)),
  };
  const root = make(
    "section",
    { class: "strip", "aria-label": `${readable(layer)}, ${hint}`, "data-layer": layer },
    head,
    knob.root,
    makeFoot("style", knob.out),
    meters.style.root,
    fader.root,
    meters.content.root,
    makeFoot("content", fader.out),
  );

  /**
   * The words with solo and mute on either side.
   * @param {"content" | "style"} term
   * @param {HTMLInputElement} out
   */
  function makeFoot(term, out) {
    const name = `${term}.${layer}`;
    const label = `${term}, ${readable(layer)}`;
    const foot = make(
      "div",
      { class: "foot" },
      makeSwitch(store.row(`${name}.solo`), store, "S", `solo ${label}`),
      out,
      makeSwitch(store.row(`${name}.mute`), store, "M", `mute ${label}`),
    );
    foot.dataset.term = term;
    return foot;
  }

  for (const [term, input] of /** @type {const} */ ([
    ["style", knob.input],
    ["content", fader.input],
  ])) {
    input.setAttribute("aria-description", tells(term, layer, side));
    input.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.key === "s") flip(`${term}.${layer}.solo`, store);
      if (event.key === "m") flip(`${term}.${layer}.mute`, store);
      if (event.key === "f" && store.has(`freeze.${layer}`)) flip(`freeze.${layer}`, store);
    });
  }

  return {
    root,
    /** @param {Epoch["losses"][number]} losses of this layer */
    update(losses) {
      meters.style.update(losses.style);
      meters.content.update(losses.content);
    },
    /**
     * Dim what is not heard.
     * @param {"content" | "style"} term
     * @param {boolean} silent
     */
    silence(term, silent) {
      root.classList.toggle(`silent-${term}`, silent);
    },
  };
}
