// @ts-check
/**
 * One channel strip: a layer's style knob and content fader, each with its words, solo and
 * mute, and its two bars. The parts are children of one grid, so that the style sheet alone
 * decides how a strip stands on a desk or on a phone.
 */

import { makeFader } from "./fader.js";
import { makeKnob } from "./knob.js";
import { governs, readable, receptiveField } from "./layers.js";
import { make } from "./element.js";
import { makeMeter } from "./meter.js";
import { flip, makeSwitch } from "./switch.js";

/** @typedef {import("./types.js").Epoch} Epoch */

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
    { title: `${layer} sees ${reach || "?"} of the painting at a time: ${hint}` },
    make("h2", {}, hint),
    make("p", {}, readable(layer), " ", make("span", {}, reach)),
  );

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
   * @param {HTMLOutputElement} out
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
    input.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.key === "s") flip(`${term}.${layer}.solo`, store);
      if (event.key === "m") flip(`${term}.${layer}.mute`, store);
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
