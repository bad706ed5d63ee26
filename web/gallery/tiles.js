// @ts-check
/**
 * A tile for each look: its sample, then the chosen picture as it paints it, one tile after the
 * other.
 */

import { button, byId, el, setText } from "../dom.js";
import { request } from "../http.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {{look: LookEntry, root: HTMLElement, image: HTMLImageElement, note: HTMLElement, painted: Blob | null}} Tile */

/** @param {LookEntry} look */
export function describeLook({ styles, style_left, shipped, name }) {
  const from = styles.join(", ");
  return [
    from && from !== name ? `after ${from}` : "",
    style_left === null ? "" : `${Math.round((1 - Math.min(1, style_left)) * 100)} % of the style`,
    shipped ? "" : "learned here",
  ].filter(Boolean).join(" · ");
}

/** @param {string} name @param {Source} source @param {boolean} large @param {AbortSignal} [signal] */
export async function paintBy(name, source, large, signal) {
  const address = `api/looks/${encodeURIComponent(name)}/picture${large ? "?large=1" : ""}`;
  return (await request(address, { method: "POST", ...source.paint, signal })).blob();
}

/** @param {(tile: Tile) => void} open */
export function makeTiles(open) {
  const list = byId("tiles");
  /** @type {Map<string, Tile>} by name and version */
  let tiles = new Map();
  /** @type {Source | null} */
  let source = null;
  let running = new AbortController();

  /** @param {LookEntry} look @returns {Tile} */
  function makeTile(look) {
    const image = el("img", { alt: "", src: `api/looks/${encodeURIComponent(look.name)}/sample.jpg?v=${look.version}` });
    const note = el("span", { class: "note" });
    const root = el("li", {}, button(
      el("figure", {}, image, el("figcaption", {}, el("b", {}, look.name), el("small", {}, describeLook(look)))),
      () => open(tile),
    ), note);
    const tile = { look, root, image, note, painted: null };
    return tile;
  }

  /** The newest list. @param {readonly LookEntry[]} looks that can be used */
  function show(looks) {
    const before = tiles;
    const known = before.size > 0;
    tiles = new Map(looks.map((look) => {
      const key = `${look.name}/${look.version}`;
      return [key, before.get(key) ?? makeTile(look)];
    }));
    const roots = [...tiles.values()].map(({ root }) => root);
    if (roots.length !== before.size || roots.some((root) => root.parentElement !== list)) {
      list.replaceChildren(...roots);
    }
    if (known && source && [...tiles.values()].some(({ painted }) => !painted)) paintAll();
  }

  /** Paint another picture by all looks. @param {Source} chosen */
  function setSource(chosen) {
    source = chosen;
    for (const tile of tiles.values()) tile.painted = null;
    return paintAll();
  }

  async function paintAll() {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const chosen = source;
    const waiting = [...tiles.values()].filter(({ painted }) => !painted);
    for (const { root, note } of waiting) {
      root.classList.add("waiting");
      setText(note, "");
    }
    let count = tiles.size - waiting.length;
    for (const tile of waiting) {
      if (!chosen || signal.aborted) return;
      tile.root.classList.add("painting");
      setText(byId("status"), `painting ${chosen.name}: ${count} of ${tiles.size}`);
      try {
        tile.painted = await paintBy(tile.look.name, chosen, false, signal);
        URL.revokeObjectURL(tile.image.src);
        tile.image.src = URL.createObjectURL(tile.painted);
        tile.image.alt = `${chosen.name}, painted by ${tile.look.name}`;
        await tile.image.decode().catch(() => {});
        list.style.setProperty("--aspect", String(Math.min(1.8, Math.max(0.7, tile.image.naturalWidth / tile.image.naturalHeight))));
        count += 1;
      } catch (error) {
        if (signal.aborted) return;
        setText(tile.note, String(/** @type {Error} */ (error).message));
      } finally {
        tile.root.classList.remove("painting", "waiting");
      }
    }
    setText(byId("status"), count ? `${chosen?.name}, in ${count === 1 ? "one look" : `${count} looks`}` : "");
  }

  return {
    show, setSource,
    get source() {
      return source;
    },
    /** The tile beside another one. @param {Tile} tile @param {number} step */
    beside(tile, step) {
      const all = [...tiles.values()];
      return all[(all.indexOf(tile) + step + all.length) % all.length] ?? tile;
    },
  };
}
