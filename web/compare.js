// @ts-check
/**
 * Another picture over the painting: its content, a style, or a moment that was kept; while a
 * button or key is held, or after a tap until the next press.
 */

import { byId, make, say } from "./element.js";
import { picture, restore } from "./saved.js";

/** @typedef {"content" | "style" | "kept"} Other what the painting is compared with */

/** A shorter press keeps it shown, ms. */
const TAP_MS = 300;

/**
 * @param {import("./types.js").Page} page
 * @param {HTMLElement} stage
 */
export function comparing(page, stage) {
  const image = make("img", { id: "other", alt: "", draggable: "false" });
  const words = make("span");
  const back = make("button", { type: "button", title: "bring all values of that moment back" }, "bring back");
  const label = make("p", { id: "other-name", role: "status" }, words, back);
  byId("picture", HTMLCanvasElement).after(image, label);
  image.hidden = label.hidden = true;
  /** @type {import("./types.js").Pictures | null} */
  let pictures = null;
  /** @type {{blob: Blob, url: string, step: string} | null} */
  let moment = null;
  let number = 0;
  /** @type {Other | null} */
  let shown = null;
  /** @type {Other | null} */
  let pressed = null;
  let since = 0;
  page.hear("snapshot", (message) => (pictures = message.pictures));
  page.hear("pictures", (message) => (pictures = message));

  /** @param {Other} other */
  const key = (other, /** @type {string} */ text, /** @type {string} */ title) => {
    const button = make("button", { type: "button", title, "aria-pressed": "false" }, text);
    button.addEventListener("pointerdown", (event) => event.button === 0 && press(other));
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(type, () => release(other));
    // A key on the button has no length: it counts as a tap.
    button.addEventListener("click", (event) => event.detail === 0 && show(shown === other ? null : other));
    return button;
  };
  const buttons = {
    content: key("content", "content", "hold to compare with the content picture, tap to keep it shown (c)"),
    style: key("style", "style", "hold to compare with the style pictures, one after the other (v)"),
    kept: key("kept", "A", "hold to compare with the moment that was kept (b)"),
  };
  buttons.kept.disabled = true;
  /** @type {Record<string, Other>} */
  const keys = { c: "content", v: "style", b: "kept" };

  /** @param {Other | null} other */
  function show(other) {
    if (other === "style" && shown !== "style") number = (number % (pictures?.styles.length ?? 1)) + 1;
    shown = other;
    const [url, name] = other ? source(other) : ["", ""];
    if (url) image.src = url;
    say(words, name);
    image.hidden = label.hidden = !url;
    back.hidden = other !== "kept";
    for (const [one, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(one === other));
    stage.classList.toggle("compares", Boolean(url));
  }
  /** @param {Other} other @returns {[string, string]} */
  function source(other) {
    if (other === "kept") return moment ? [moment.url, `A: as kept at step ${moment.step}`] : ["", ""];
    const one = other === "content" ? pictures?.content : pictures?.styles[number - 1];
    const path = other === "content" ? "content" : `style/${number}`;
    return one ? [`api/${path}.jpg?v=${encodeURIComponent(one.version)}`, `${other}: ${one.name}`] : ["", ""];
  }
  /** @param {Other} other */
  function press(other) {
    if (buttons[other].disabled) return;
    pressed = shown === other ? null : other;
    since = performance.now();
    show(pressed);
  }
  /** @param {Other} other */
  function release(other) {
    if (pressed === other && performance.now() - since > TAP_MS) show(null);
    pressed = null;
  }
  async function keep() {
    const png = await picture(page.notice);
    if (!png) return;
    if (moment) URL.revokeObjectURL(moment.url);
    moment = { ...png, step: /-(\d+)\.png$/.exec(png.name)?.[1] ?? "?" };
    buttons.kept.disabled = false;
    say(buttons.kept, `A · step ${moment.step}`);
    if (shown === "kept") show("kept");
  }
  back.addEventListener("click", async () => {
    if (moment) await restore(moment.blob, page.notice);
    show(null);
  });
  return {
    show, keep,
    buttons: Object.values(buttons),
    /** @param {string} key */
    down: (key) => (keys[key] ? (press(keys[key]), true) : false),
    /** @param {string} key */
    up: (key) => keys[key] && release(keys[key]),
  };
}
