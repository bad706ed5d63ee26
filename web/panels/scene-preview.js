// @ts-check
/**
 * What a scene would do: its thumbnail, larger, and what would change in a few words. Beside its
 * tile while a pointer rests on it or it has the focus.
 */

import { positionFromJson } from "../control-store.js";
import { valueAt } from "../control-math.js";
import { el, setProps, setText } from "../dom.js";
import { request } from "../http.js";

const REST_MS = 350;
/** So many changes are named, the largest first. */
const NAMED = 3;
/** A smaller move is not seen. */
const LEAST = 0.01;

/** Address of a scene's thumbnail, which a browser keeps. @param {SceneEntry} scene */
export const thumbnailUrl = ({ name, saved }) => `api/scenes.jpg?${new URLSearchParams({ name, saved: String(saved) })}`;

/**
 * What recalling these values would change: "style strokes up, colour luminance, 5 more". Pure.
 * @param {[row: ControlRow, from: number, to: number][]} moves of controls, by their positions
 * @param {Names["nameOf"]} nameOf
 */
export function describeMoves(moves, nameOf) {
  const size = (/** @type {typeof moves[0]} */ [{ kind }, from, to]) => (kind === "fader" ? Math.abs(to - from) : Number(from !== to));
  const seen = moves.filter((move) => size(move) >= LEAST).sort((a, b) => size(b) - size(a));
  if (!seen.length) return "as it is now";
  const texts = seen.slice(0, NAMED).map(([row, from, to]) => {
    const name = nameOf(row.name);
    if (row.kind === "choice") return `${name} ${row.choices[to]}`;
    if (row.kind === "switch") return `${name} ${to ? "on" : "off"}`;
    if (row.curve === "log_off" && valueAt(row, to) === 0) return `${name} off`;
    return `${name} ${to > from ? "up" : "down"}`;
  });
  return [...texts, ...(seen.length > NAMED ? [`${seen.length - NAMED} more`] : [])].join(", ");
}

/** @param {Pick<Page, "store" | "names">} page */
export function makeScenePreview({ store, names }) {
  const [image, words] = [el("img", { alt: "" }), el("p")];
  const root = el("div", { id: "scene-preview", role: "tooltip", hidden: true }, image, words);
  /** By address of the thumbnail. @type {Map<string, Promise<Values>>} */
  const known = new Map();
  let shown = "";
  let timer = 0;
  addEventListener("keydown", ({ key }) => key === "Escape" && hide());

  /** @param {Values} values */
  function describe(values) {
    const rows = store.rows.filter(({ name, layer }) => name in values && !(layer && store.position(`freeze.${layer}`)));
    return describeMoves(rows.map((row) => [row, store.position(row.name), positionFromJson(row, values[row.name] ?? 0)]), names.nameOf);
  }

  /** Fill an image and a paragraph. @param {SceneEntry} scene @param {HTMLImageElement} image @param {HTMLElement} words */
  async function fill(scene, image, words) {
    const url = thumbnailUrl(scene);
    shown = url;
    image.hidden = !scene.thumbnail;
    if (scene.thumbnail) image.src = url;
    setText(words, "");
    const loading = known.get(url)
      ?? request(`api/scenes/${encodeURIComponent(scene.name)}`).then(async (response) => (await response.json()).controls);
    known.set(url, loading);
    const text = await loading.then(describe).catch(() => known.delete(url) && "");
    if (shown === url) setText(words, String(text));
  }

  function hide() {
    clearTimeout(timer);
    root.hidden = true;
  }

  /** @param {SceneEntry} scene @param {HTMLElement} tile */
  function show(scene, tile) {
    if (!tile.isConnected) return;
    fill(scene, image, words);
    root.hidden = false;
    // Beside the list, over the painting.
    const { left, bottom } = (tile.closest("section") ?? tile).getBoundingClientRect();
    root.style.left = `${Math.max(8, left - root.offsetWidth - 8)}px`;
    root.style.bottom = `${Math.max(8, innerHeight - bottom)}px`;
  }

  return {
    root, fill, hide,

    /** Let a tile show it. @param {HTMLElement} tile @param {SceneEntry} scene */
    attach(tile, scene) {
      const start = () => {
        hide();
        timer = setTimeout(() => show(scene, tile), REST_MS);
      };
      setProps(tile, {
        onpointerenter: ({ pointerType }) => pointerType !== "touch" && start(),
        onfocus: () => tile.matches(":focus-visible") && start(),
        onpointerleave: hide, onblur: hide, onpointerdown: hide,
      });
    },
  };
}
