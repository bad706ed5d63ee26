// @ts-check
/**
 * The pictures that are painted from: content and up to four styles, each with its share of the
 * blend and its scale; recent ones; and saved paintings, whose state can be restored.
 */

import { blendControls, blendIn, styleShares } from "../control-math.js";
import { button, byId, el } from "../dom.js";
import { makeSlider } from "../fader.js";
import { request } from "../http.js";
import { titleOf } from "../layers.js";
import { makeDropZone } from "./drop-zone.js";
import { hasState, restoreState } from "./png-state.js";

const STYLE_NUMBERS = [1, 2, 3, 4];
const MAX_RECENT = 8;

/** @param {Page} page */
export function start({ store, viewer, showNotice, on }) {
  /** Of the content, of each style, and of one more style. @type {import("./drop-zone.js").DropZone[]} */
  let zones = [];
  let styleCount = -1;
  const list = byId("drop-zones");
  const dialog = byId("use-dialog", HTMLDialogElement);
  const recent = el("div", { class: "recent", role: "group", "aria-label": "recent pictures" });
  list.after(recent);
  for (const name of blendControls(STYLE_NUMBERS.length)) store.watch(name, showShares);
  on("pictures", update);
  if (!viewer) acceptAnywhere();

  /** @param {PicturesMessage} pictures */
  function update(pictures) {
    if (styleCount !== pictures.styles.length) build(pictures.styles.length);
    for (const [index, picture] of [pictures.content, ...pictures.styles].entries()) zones[index]?.show(picture);
    showShares();
    updateRecent();
  }

  /** @param {number} count of styles */
  function build(count) {
    styleCount = count;
    zones = [makeDropZone("content", "content", "api/content", true, onFile)];
    for (const n of STYLE_NUMBERS.slice(0, viewer ? count : count + 1)) {
      const filled = n <= count;
      const title = count > 1 || !filled ? `style ${"ABCD"[n - 1]}` : "style";
      const [control, position] = blendIn(n);
      const zone = makeDropZone(title, "style", `api/style/${n}`, filled, onFile, () => filled || store.position(control) || store.move(control, position));
      zones.push(zone);
      if (!filled) continue;
      const rows = [...(count > 1 ? store.rowsIn("blend") : []), ...store.rowsIn("styles")].filter(({ style }) => style === n);
      zone.root.append(el("div", { class: "mix" }, ...rows.map((row) => {
        const text = titleOf(row);
        return makeSlider(row, store, `${text} of ${title}`, text);
      })));
      const label = `remove ${title}`;
      if (n > 1 && !viewer) zone.root.append(button("×", zone.remove, { class: "remove", "aria-label": label, title: label }));
    }
    list.dataset.styles = String(count);
    list.replaceChildren(...zones.map(({ root }) => root));
  }

  /** A file for a drop zone is sent there, unless it is more than a picture. @param {File} file @param {(file: File) => void} send */
  async function onFile(file, send) {
    if (await hasState(file)) choose("this is a saved painting", file);
    else send(file);
  }

  function showShares() {
    if (styleCount < 2) return;
    for (const [index, share] of styleShares(store.position, styleCount).entries()) zones[index + 1]?.setShare(share);
  }

  /** Take pictures that are pasted, or dropped outside of the drop zones. */
  function acceptAnywhere() {
    // Without these two the browser would leave the page for the picture.
    document.ondragover = (event) => event.preventDefault();
    document.ondrop = async (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (!file || (event.target instanceof Element && event.target.closest(".drop-zone"))) return;
      if (await hasState(file)) restoreState(file, showNotice);
      else choose("use the picture as", file);
    };
    document.onpaste = ({ clipboardData }) => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file) choose("use the pasted picture as", file);
    };
  }

  /** Let the user choose what to do with a picture. @param {string} title @param {File | string} picture or the id of a recent one */
  async function choose(title, picture) {
    const option = (/** @type {string} */ text, /** @type {PictureKind | undefined} */ kind, /** @type {() => void} */ action) => button(text, () => {
      dialog.close();
      action();
    }, { class: "key", "data-term": kind });
    const png = typeof picture !== "string" && (await hasState(picture)) && picture;
    dialog.replaceChildren(
      el("p", {}, title), png ? option("bring its state back", undefined, () => restoreState(png, showNotice)) : "",
      ...zones.map((zone) => option(zone.title, zone.kind, () => zone.send(picture))), button("cancel", () => dialog.close()),
    );
    dialog.showModal();
  }

  async function updateRecent() {
    const response = await request("api/recent").catch(() => null);
    /** @type {RecentPicturesMessage} */
    const message = response ? await response.json() : { recent: [] };
    recent.replaceChildren(...message.recent.slice(0, MAX_RECENT).map(({ id, name }) => button(
      el("img", { src: `api/recent/${id}.jpg`, alt: name }), () => choose(`use ${name} as`, id), { title: name, disabled: viewer },
    )));
  }
}
