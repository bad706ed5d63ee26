// @ts-check
/**
 * Learning a look: what is learned, started here, and how far it is.
 */

import { button, byId, el, setText } from "../dom.js";
import { request } from "../http.js";

/** @param {number} seconds */
export function formatLeft(seconds) {
  if (seconds < 90) return "about a minute left";
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes left`;
  return `${Math.round(seconds / 360) / 10} hours left`;
}

/** @param {LearningStatus} learning */
export function describeLearning({ state, progress, style_left, seconds_left }) {
  if (state === "failed") return "it has failed";
  if (state === "waiting") return "waiting for its turn";
  if (state === "starting") return "starting, and looking at the style";
  if (state === "exporting") return "nearly done: writing it";
  const parts = [`${Math.round(progress * 100)} %`];
  if (seconds_left !== null) parts.push(formatLeft(seconds_left));
  if (style_left !== null) parts.push(`${Math.round((1 - Math.min(1, style_left)) * 100)} % of the style`);
  return parts.join(" · ");
}

/** @param {(message: LooksMessage) => void} onchange the newest list, after each press */
export function makeLearning(onchange) {
  const form = byId("learn", HTMLFormElement);
  const [title, text] = [el("b"), el("small", { role: "status" })];
  const bar = el("progress", { max: 1 });
  const image = el("img", { alt: "what it paints by now", hidden: true });
  const why = el("pre", { class: "why", hidden: true });
  const hint = el("small", {}, "It takes what the painting leaves of the processors: pause that on the desk, and it goes several times as fast.");
  const keep = button("keep it as it is", () => act("POST", "api/learning/finish"), { class: "key", title: "learn no more: it becomes a look" });
  const again = button("try again", () => act("POST", "api/learning/go-on"), { class: "key" });
  const cancel = button("cancel", () => act("DELETE", "api/learning"), { class: "key" });
  const root = el("section", { id: "learning", "aria-label": "being learned", hidden: true },
    el("div", { class: "samples" }, image), el("div", {}, title, text, bar, hint, why, el("div", { class: "keys" }, keep, again, cancel)));
  byId("tiles").before(root);
  let samples = "";

  /** @param {string} method @param {string} path @param {object} [body] */
  async function act(method, path, body) {
    const error = byId("trouble");
    error.hidden = true;
    try {
      onchange(await (await request(path, { method, body: body && JSON.stringify(body) })).json());
      return true;
    } catch (refusal) {
      setText(error, String(/** @type {Error} */ (refusal).message));
      error.hidden = false;
      error.scrollIntoView({ block: "nearest" });
      return false;
    }
  }

  form.onsubmit = async (event) => {
    event.preventDefault();
    const name = byId("name", HTMLInputElement);
    const style = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=style]:checked"));
    const started = await act("POST", "api/learning", {
      name: name.value, near: byId("near", HTMLInputElement).checked,
      minutes: Number(byId("minutes", HTMLSelectElement).value), style: Number(style?.value ?? 0),
    });
    if (!started) return;
    name.value = "";
    root.scrollIntoView({ block: "nearest" });
  };

  return {
    /** The desk's styles, to choose from. @param {readonly Picture[]} styles @param {number} chosen one of them, from 1; 0: all */
    setStyles(styles, chosen) {
      const several = styles.length > 1;
      byId("styles").replaceChildren(...styles.map(({ name, version }, index) => el("label", { title: name },
        el("input", { type: "radio", name: "style", value: several ? index + 1 : 0, checked: !several || chosen === index + 1 }),
        el("img", { src: `api/style/${index + 1}.jpg?v=${version}`, alt: name }))),
      ...(several ? [el("label", {}, el("input", { type: "radio", name: "style", value: 0, checked: !chosen }), el("span", {}, "all, to blend"))] : []));
    },
    /** @param {LooksMessage} message */
    show({ learning, player }) {
      form.hidden = !player || (learning !== null && learning.state !== "failed");
      root.hidden = !learning;
      if (!learning) return;
      const failed = learning.state === "failed";
      setText(title, failed ? learning.name : `learning ${learning.name}`);
      setText(text, describeLearning(learning));
      if (learning.state === "training" || learning.progress) bar.value = learning.progress;
      else bar.removeAttribute("value");
      bar.hidden = hint.hidden = failed;
      why.hidden = !failed;
      setText(why, learning.error);
      keep.hidden = !player || learning.state !== "training";
      again.hidden = !player || !failed;
      cancel.hidden = !player;
      setText(cancel, failed ? "forget it" : "cancel");
      if (learning.samples !== samples) {
        samples = learning.samples;
        image.hidden = !samples;
        if (samples) image.src = `api/learning/samples.png?v=${samples}`;
      }
    },
  };
}
