// @ts-check
/**
 * Another picture over the painting: its content, a style, or a moment that was kept; while a
 * button or key is held, or after a tap until the next press.
 */

import { button, byId, make, press, say } from "../dom.js";
import { picture, restore } from "./png-state.js";

/** @typedef {TermName | "kept"} Other what the painting is compared with */

/** A shorter press keeps it shown, ms. */
const TAP_MS = 300;

/** @type {[Other, key: string, text: string, title: string][]} */
const OTHERS = [
  ["content", "c", "content", "hold to compare with the content picture, tap to keep it shown (c)"],
  ["style", "v", "style", "hold to compare with the style pictures, one after the other (v)"],
  ["kept", "b", "A", "hold to compare with the moment that was kept (b)"],
];

/** @param {Page} page */
export function comparing({ hear, notice }) {
  const words = make("span");
  const back = button("bring back", async () => {
    if (moment) await restore(moment.blob, notice);
    show(null);
  }, { title: "bring all values of that moment back" });
  const image = make("img", { id: "other", alt: "", draggable: "false", hidden: true });
  const label = make("p", { id: "other-name", role: "status", hidden: true }, words, back);
  byId("picture").after(image, label);
  /** @type {Pictures | undefined} */
  let pictures;
  /** @type {{blob: Blob, url: string, step: string} | undefined} */
  let moment;
  let number = 0;
  /** @type {Other | null} */
  let shown = null;
  /** @type {Other | null} */
  let pressed = null;
  let since = 0;
  hear("pictures", (message) => (pictures = message));

  // A key on the button has no length: it counts as a tap.
  const buttons = OTHERS.map(([other, , text, title]) => button(text, ({ detail }) => detail === 0 && show(shown === other ? null : other), {
    title, "aria-pressed": "false", disabled: other === "kept",
    onpointerdown: (event) => event.button === 0 && down(other, event),
    onpointerup: up, onpointercancel: up, onpointerleave: up,
  }));
  const kept = /** @type {HTMLButtonElement} */ (buttons.at(-1));

  /** @param {Other | null} other */
  function show(other) {
    if (other === "style" && shown !== "style") number = (number % (pictures?.styles.length ?? 1)) + 1;
    shown = other;
    const [url, name] = source(other);
    if (url) image.src = url;
    say(words, name);
    image.hidden = label.hidden = !url;
    back.hidden = other !== "kept";
    for (const [at, [one]] of OTHERS.entries()) press(buttons[at] ?? image, one === other);
  }
  /** @param {Other | null} other @returns {[string, string]} */
  function source(other) {
    if (other === "kept") return moment ? [moment.url, `A: as kept at step ${moment.step}`] : ["", ""];
    const one = other === "content" ? pictures?.content : pictures?.styles[number - 1];
    const path = other === "content" ? "content" : `style/${number}`;
    return other && one ? [`api/${path}.jpg?v=${encodeURIComponent(one.version)}`, `${other}: ${one.name}`] : ["", ""];
  }
  /** The hand's own time counts, however late a busy page hears of it. @param {Other} other @param {Event} event */
  function down(other, { timeStamp }) {
    if (other === "kept" && !moment) return;
    pressed = shown === other ? null : other;
    since = timeStamp;
    show(pressed);
  }
  /** @param {Event} event */
  function up({ timeStamp }) {
    if (pressed && timeStamp - since > TAP_MS) show(null);
    pressed = null;
  }
  async function keep() {
    const png = await picture(notice);
    if (!png) return;
    if (moment) URL.revokeObjectURL(moment.url);
    moment = { ...png, step: /-(\d+)\.png$/.exec(png.name)?.[1] ?? "?" };
    kept.disabled = false;
    say(kept, `A · step ${moment.step}`);
    if (shown === "kept") show("kept");
  }
  const otherOf = (/** @type {string} */ key) => OTHERS.find(([, one]) => one === key)?.[0];
  document.onkeyup = (event) => otherOf(event.key) && up(event);
  return {
    buttons, keep,
    hide: () => show(null),
    /** Is it a key of ours? @param {KeyboardEvent} event */
    key(event) {
      const other = otherOf(event.key);
      if (other) down(other, event);
      return Boolean(other);
    },
  };
}
