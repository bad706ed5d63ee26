// @ts-check
/**
 * One look, close up: the painted picture as large as it fits, the one before to compare, a
 * download, and the way to the desk.
 */

import { button, byId, el, setPressed, setText } from "../dom.js";
import { request } from "../http.js";
import { describeLook, paintBy } from "./tiles.js";

/** @typedef {import("./tiles.js").Tile} Tile */

/**
 * @param {object} gallery
 * @param {() => import("./source.js").Source} gallery.source
 * @param {(tile: Tile, step: number) => Tile} gallery.beside
 * @param {() => boolean} gallery.player whether this client may paint and play
 */
export function makeCloseUp({ source, beside, player }) {
  const dialog = byId("close-up", HTMLDialogElement);
  const [image, before] = [el("img", { alt: "" }), el("img", { alt: "", class: "before", hidden: true })];
  const [title, about, state] = [el("h2"), el("p"), el("p", { role: "status", class: "state" })];
  const compare = button("before", () => showBefore(Boolean(before.hidden)), { class: "key", "aria-pressed": "false", title: "the picture as it was (b)" });
  const save = el("a", { class: "key", title: "save the picture" }, "save");
  const desk = button("open on the desk", toDesk, { class: "key main", title: "paint with it live, by the knobs" });
  /** @type {Tile | undefined} */
  let shown;
  let running = new AbortController();
  const step = (/** @type {number} */ by) => shown && show(beside(shown, by));
  dialog.append(
    el("div", { class: "frame" }, image, before),
    el("div", { class: "plate" },
      el("div", {}, title, about, state),
      el("div", { class: "keys" },
        button("‹", () => step(-1), { class: "key", "aria-label": "look before", title: "look before (←)" }),
        button("›", () => step(1), { class: "key", "aria-label": "next look", title: "next look (→)" }),
        compare, save, desk)),
    button("×", () => dialog.close(), { class: "key close", "aria-label": "close" }),
  );
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(by);
    else if (event.key === "b") showBefore(Boolean(before.hidden));
  });
  dialog.addEventListener("close", () => running.abort());
  // A press beside the picture closes it.
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  /** @param {boolean} on */
  function showBefore(on) {
    before.hidden = !on;
    setPressed(compare, on);
  }

  /** @param {Blob | null} picture @param {Tile} tile */
  function setPicture(picture, tile) {
    if (image.src.startsWith("blob:") && image.src !== tile.image.src) URL.revokeObjectURL(image.src);
    image.src = picture ? URL.createObjectURL(picture) : tile.image.src;
    image.alt = tile.image.alt || `a sample of ${tile.look.name}`;
    save.href = image.src;
    save.download = `${source().name.replace(/\.\w+$/, "")}-${tile.look.name}.jpg`;
  }

  /** @param {Tile} tile */
  async function show(tile) {
    shown = tile;
    running.abort();
    running = new AbortController();
    const { signal } = running;
    setText(title, tile.look.name);
    setText(about, describeLook(tile.look));
    setText(state, "");
    before.src = source().preview;
    const painted = tile.painted !== null;
    for (const key of [compare, save]) key.hidden = !painted;
    desk.hidden = !player();
    if (!painted) showBefore(false);
    setPicture(null, tile);
    if (!dialog.open) dialog.showModal();
    if (!painted) return;
    setText(state, "painting it larger …");
    try {
      setPicture(await paintBy(tile.look.name, source(), true, signal), tile);
      setText(state, "");
    } catch (error) {
      if (!signal.aborted) setText(state, String(/** @type {Error} */ (error).message));
    }
  }

  async function toDesk() {
    if (!shown) return;
    setText(state, "opening …");
    try {
      const { use } = source();
      if (use && shown.painted) await request("api/content", { method: "PUT", ...use });
      const body = JSON.stringify({ look: shown.look.name });
      await request("api/look", { method: "PUT", body, headers: { "Content-Type": "application/json" } });
      location.href = "./";
    } catch (error) {
      setText(state, String(/** @type {Error} */ (error).message));
    }
  }

  return show;
}
