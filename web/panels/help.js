// @ts-check
/**
 * The dialog that tells how to play: all keys, by what they are for.
 */

import { byId, el } from "../dom.js";
import { onShortcut } from "../shortcuts.js";

/** Keys, parted by spaces, and what they do. @typedef {[keys: string, text: string]} Row */

/** @type {Row[]} */
const PLAY = [
  ["Space", "pause, go on"],
  ["r k a", "reset: start again; kick: shake it; average: calm the grain"],
  ["g", "live: the learned look paints at once; again: the painter goes on from there"],
  ["Tab", "to the desk, and on from it"],
  ["← →", "next handle; with Ctrl that of the next strip"],
  ["↑ ↓", "turn it; Shift is ten times finer"],
  ["Alt ↑ ↓", "from a handle to the keys, and back"],
  ["PgUp PgDn", "turn it far"],
  ["Home End", "off, full"],
  ["Enter", "type its value: 2, off, 35 %; also a click on the number"],
  ["Del", "back to the default, as a double-click"],
  ["u", "surprise: another style, other knobs; undo takes them back"],
  ["s m f", "solo, mute the handle's term; freeze its strip"],
  ["Shift B", "keep this moment, to compare and to come back to"],
  ["t Shift T", "record a take; the takes: to name, download, paint again"],
  ["1…9", "recall a scene; with Shift store it"],
  ["[ ]", "scene before, next scene"],
  ["d h", "the wall: black (dark); hold: it keeps its picture while you go on, then dissolves to yours"],
  ["Ctrl Z", "undo; with Shift redo"],
  ["Ctrl V", "paste a picture; a saved PNG brings its values back"],
  ["l", "learn: press a handle, then move the hardware that shall play it"],
  ["i", "laboratory: what the layer under your hand sees, now and in the style"],
  ["q", "the address for those who watch"],
];
/** @type {Row[]} */
const LOOK = [
  ["+ - z", "look closer, away, all of it; also wheel, pinch, drag"],
  ["e w", "engine room: losses, history, device; the whole picture, or the window filled"],
  ["c v b", "hold: see content, style, the kept moment; a tap keeps it"],
  ["Ctrl S", "save it as PNG, its values inside"],
];

const makeList = (/** @type {Row[]} */ rows) => el("dl", {}, ...rows.flatMap(([keys, text]) => [
  el("dt", {}, ...keys.split(" ").flatMap((key) => [el("kbd", {}, key), " "])), el("dd", {}, text),
]));

/** @param {Page} page */
export function start({ viewer }) {
  const dialog = el(
    "dialog", { id: "shortcuts", "aria-label": viewer ? "Watching" : "Playing" },
    el("h2", {}, viewer ? "Watching" : "Playing"), viewer ? "" : makeList(PLAY), makeList(LOOK),
    viewer ? "" : el("p", {}, "Only the balance counts: raise every handle alike and the painting stays; raise one and it leans that way."),
    el("form", { method: "dialog" }, el("button", { class: "key", autofocus: true }, "close")),
  );
  document.body.append(dialog);
  const open = () => dialog.showModal();
  byId("help").onclick = open;
  onShortcut(({ key }) => {
    if (key === "?") open();
    return key === "?";
  });
}
