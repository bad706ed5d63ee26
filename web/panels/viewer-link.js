// @ts-check
/**
 * The address for viewers, as a QR code and to copy, for a player to show to an audience.
 */

import { button, byId, el, setText } from "../dom.js";
import { request } from "../http.js";
import { onShortcut } from "../shortcuts.js";

/** @param {Page} page */
export async function start({ on, showNotice }) {
  const response = await request("api/viewer-link").catch(() => null);
  /** @type {{url: string, svg: string, note: string}} */
  const { url, svg, note } = (await response?.json()) ?? { url: "" };
  const open = url ? makeDialog() : () => showNotice("there is no address for viewers: start serve with --viewer-link");
  onShortcut(({ key: pressed, ctrlKey, metaKey, altKey, repeat }) => {
    if (pressed !== "q" || ctrlKey || metaKey || altKey || repeat) return false;
    open();
    return true;
  });

  /** Return what opens it. */
  function makeDialog() {
    const key = byId("viewers", HTMLButtonElement);
    const copy = button("copy", async () => {
      await navigator.clipboard?.writeText(url).then(() => setText(copy, "copied"), () => getSelection()?.selectAllChildren(address));
    }, { class: "key" });
    const address = el("code", {}, url);
    const dialog = el(
      "dialog", { id: "viewer-dialog", "aria-label": "viewers", onclose: () => setText(copy, "copy") },
      el("h2", {}, "Let others watch"),
      el("img", { src: svg, alt: "QR code of the address below" }),
      el("p", {}, "They see the painting, who plays and what changes, and can play nothing."),
      address, note && el("p", { class: "note" }, note),
      el("form", { method: "dialog" }, copy, el("button", { class: "key", autofocus: true }, "close")),
    );
    document.body.append(dialog);
    key.onclick = () => dialog.showModal();
    // A phone's top bar is full.
    if (matchMedia("(max-width: 639px), (max-height: 499px)").matches) byId("audience").append(key);
    key.hidden = false;
    on("state", ({ viewers, players }) => {
      const watching = Math.max(0, viewers - players);
      setText(key, watching ? `${watching} watching` : "viewers");
    });
    return () => dialog.showModal();
  }
}
