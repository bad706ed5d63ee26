// @ts-check
/**
 * Another picture over the painting, to compare: its content, a style, or a moment that was kept;
 * shown while a button or key is held, or from a tap until the next press.
 */

import { button, byId, el, setPressed, setText } from "../dom.js";
import { fetchPng, restoreState } from "./png-state.js";

/** @typedef {PictureKind | "kept"} Reference what the painting is compared with */

/** A shorter press keeps the picture shown, ms. */
const TAP_MS = 300;

/** @type {[Reference, key: string, text: string, title: string][]} */
const REFERENCES = [
  ["content", "c", "content", "hold to compare with the content picture, tap to keep it shown (c)"],
  ["style", "v", "style", "hold to compare with the style pictures, one after the other (v)"],
  ["kept", "b", "A", "hold to compare with the moment that was kept (b)"],
];

/** @param {Page} page */
export function makeComparison({ on, showNotice }) {
  const name = el("span");
  const restore = button("bring back", async () => {
    if (kept) await restoreState(kept.blob, showNotice);
    show(null);
  }, { title: "bring all values of that moment back" });
  const image = el("img", { id: "other", alt: "", draggable: "false", hidden: true });
  const label = el("p", { id: "other-name", role: "status", hidden: true }, name, restore);
  byId("message").before(image, label);
  /** @type {PicturesMessage | undefined} */
  let pictures;
  /** @type {{blob: Blob, url: string, step: string} | undefined} */
  let kept;
  /** Number of the style shown, from 1. */
  let styleNumber = 0;
  /** @type {Reference | null} */
  let shown = null;
  /** @type {Reference | null} shown by the button or key that is down */
  let pressed = null;
  let pressedAt = 0;
  on("pictures", (message) => (pictures = message));

  // A key on the button has no duration: it counts as a tap.
  const buttons = REFERENCES.map(([reference, , text, title]) => button(text, ({ detail }) => detail === 0 && show(shown === reference ? null : reference), {
    title, "aria-pressed": "false", disabled: reference === "kept",
    onpointerdown: (event) => event.button === 0 && press(reference, event),
    onpointerup: release, onpointercancel: release, onpointerleave: release,
  }));
  const keptButton = /** @type {HTMLButtonElement} */ (buttons.at(-1));

  /** @param {Reference | null} reference */
  function show(reference) {
    if (reference === "style" && shown !== "style") styleNumber = (styleNumber % (pictures?.styles.length ?? 1)) + 1;
    shown = reference;
    const [url, text] = source(reference);
    if (url) image.src = url;
    setText(name, text);
    image.hidden = label.hidden = !url;
    restore.hidden = reference !== "kept";
    for (const [index, [one]] of REFERENCES.entries()) setPressed(buttons[index] ?? image, one === reference);
  }

  /** @param {Reference | null} reference @returns {[url: string, text: string]} */
  function source(reference) {
    if (reference === "kept") return kept ? [kept.url, `A: as kept at step ${kept.step}`] : ["", ""];
    const picture = reference === "content" ? pictures?.content : pictures?.styles[styleNumber - 1];
    const path = reference === "content" ? "content" : `style/${styleNumber}`;
    return reference && picture ? [`api/${path}.jpg?v=${encodeURIComponent(picture.version)}`, `${reference}: ${picture.name}`] : ["", ""];
  }

  /** The time of the event counts, however late a busy page handles it. @param {Reference} reference @param {Event} event */
  function press(reference, { timeStamp }) {
    if (reference === "kept" && !kept) return;
    pressed = shown === reference ? null : reference;
    pressedAt = timeStamp;
    show(pressed);
  }

  /** @param {Event} event */
  function release({ timeStamp }) {
    if (pressed && timeStamp - pressedAt > TAP_MS) show(null);
    pressed = null;
  }

  async function keep() {
    const png = await fetchPng(showNotice);
    if (!png) return;
    if (kept) URL.revokeObjectURL(kept.url);
    kept = { ...png, step: /-(\d+)\.png$/.exec(png.name)?.[1] ?? "?" };
    keptButton.disabled = false;
    setText(keptButton, `A · step ${kept.step}`);
    if (shown === "kept") show("kept");
  }

  const referenceOf = (/** @type {string} */ key) => REFERENCES.find(([, one]) => one === key)?.[0];
  document.onkeyup = (event) => referenceOf(event.key) && release(event);
  return {
    buttons, keep,
    hide: () => show(null),
    /** True: it was one of the keys of a reference. @param {KeyboardEvent} event */
    onKeyDown(event) {
      const reference = referenceOf(event.key);
      if (reference) press(reference, event);
      return Boolean(reference);
    },
  };
}
