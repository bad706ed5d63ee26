// @ts-check
/** The laboratory: what the layer under the hand sees, drawn by the server once a second. */

import { button, byId, el, setPressed, setProps, setText } from "../dom.js";
import { request } from "../http.js";
import { onShortcut } from "../shortcuts.js";

/** Sooner, the server would send the same drawing again. */
const PERIOD_MS = 1050;
/** A pointer that crosses strips on its way touches none. */
const REST_MS = 250;

/**
 * The one layer that a change is of; undefined: of none, or of several.
 * @param {string[]} controls their names
 * @param {readonly Pick<LayerRow, "name">[]} layers
 */
export function layerOfChange(controls, layers) {
  const found = layers.filter(({ name }) => controls.some((control) => control.split(".")[1] === name));
  return found.length === 1 ? found[0]?.name : undefined;
}

/** @type {HTMLButtonElement | undefined} */
let made;
/** Beside the scenes. */
export const labKey = () => made ??= button("lab", () => {}, { title: "laboratory: what the layer under your hand sees (i)", "aria-controls": "lab", "aria-expanded": "false" });

/** @param {Page} page */
export function start({ layers, names, on }) {
  const [name, note] = [el("h2"), el("p", { class: "note", role: "status" })];
  const image = el("img", { alt: "", hidden: true });
  const panel = el(
    "section", { id: "lab", "aria-label": "laboratory", hidden: true },
    el("header", {}, name, button("close", toggle)),
    el("p", { class: "legend" }, el("span", {}, "the painting now"), el("span", { "data-term": "style" }, "the style")),
    image, note,
  );
  document.querySelector(".side")?.prepend(panel);
  const key = labKey();
  key.onclick = toggle;
  onShortcut(({ key: pressed, ctrlKey, metaKey, altKey, repeat }) => {
    if (pressed !== "i" || ctrlKey || metaKey || altKey || repeat) return false;
    toggle();
    return true;
  });

  let layer = layers[0]?.name ?? "";
  let restTimer = 0;
  /** Ends the wait for the next drawing. */
  let wake = () => {};
  const strips = byId("strips");
  setProps(strips, {
    onpointerdown: ({ target }) => choose(layerAt(target)),
    onfocusin: ({ target }) => choose(layerAt(target)),
    onpointerover({ target }) {
      clearTimeout(restTimer);
      restTimer = setTimeout(() => choose(layerAt(target)), REST_MS);
    },
    onpointerleave: () => clearTimeout(restTimer),
  });
  // Hardware and other players have hands, too.
  on("changed", ({ controls }) => choose(layerOfChange(Object.keys(controls), layers)));

  /** @param {EventTarget | null} target */
  function layerAt(target) {
    const strip = target instanceof Element ? target.closest(".strip") : null;
    return strip instanceof HTMLElement ? strip.dataset.layer : undefined;
  }

  /** @param {string | undefined} next */
  function choose(next) {
    if (!next || next === layer) return;
    layer = next;
    wake();
  }

  function toggle() {
    panel.hidden = !panel.hidden;
    setPressed(key, !panel.hidden);
    setProps(key, { "aria-expanded": String(!panel.hidden) });
    wake();
    if (!panel.hidden) watch();
  }

  /** Show drawing after drawing until the panel is closed; nothing is drawn that nobody sees. */
  async function watch() {
    while (!panel.hidden) {
      const startedAt = performance.now();
      if (!document.hidden && !document.body.classList.contains("idle")) await show(layer);
      const restMs = startedAt + PERIOD_MS - performance.now();
      await new Promise((resolve) => {
        wake = () => resolve(undefined);
        setTimeout(resolve, Math.max(restMs, 100));
      });
    }
  }

  /** @param {string} shown */
  async function show(shown) {
    const field = layers.find((row) => row.name === shown)?.field_px;
    name.replaceChildren(names.nameOf(shown), el("small", {}, `${names.layerOf(shown)}, ${field} px`));
    try {
      const drawing = await (await request(`api/layers/${encodeURIComponent(shown)}.webp`)).blob();
      if (shown !== layer) return;
      const url = URL.createObjectURL(drawing);
      image.onload = () => URL.revokeObjectURL(url);
      image.src = url;
      image.alt = `strongest feature maps and Gram matrices of ${names.nameOf(shown)}: of the painting, of the style, and their difference`;
      image.hidden = false;
      setText(note, "Above: its strongest features. Below: how often they occur together, and the difference. All dark: as in the style.");
    } catch (error) {
      setText(note, error instanceof Error ? error.message : "");
    }
  }
}
