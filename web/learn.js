// @ts-check
/**
 * Learn: press learn, press a handle, move a control of the hardware. Lists what the devices
 * play, takes hardware off, saves a profile as a file and loads one.
 */

import { make, say, style } from "./element.js";

/** @typedef {{target: string, source: string, encoding: string, takeover: string, invert: boolean, learned: boolean, conflict?: string}} Binding */
/** @typedef {{device: string, profile: string, bindings: Binding[]}} Bindings */
/** @typedef {{target: string | null, device?: string, source?: string, encoding?: string}} Learning */

/** @param {string} target */
export const targetWords = (target) =>
  target.startsWith("scene:") ? `scene ${target.slice(6)}` : target.replaceAll("_", " ").replaceAll(".", " · ");

/** @param {Binding} binding */
export function bindingWords({ source, encoding, takeover, invert, conflict }) {
  const parts = [source, encoding.replaceAll("_", " ")];
  if (encoding === "absolute" && takeover !== "pickup") parts.push(takeover);
  if (invert) parts.push("inverted");
  return parts.join(", ") + (conflict ? `; played ${targetWords(conflict)} before` : "");
}

/**
 * What is being learnt, in a sentence.
 * @param {Learning} message
 */
export function learningWords({ target, device, source, encoding }) {
  if (target && source) return `${targetWords(target)}: hears ${source} of ${device}; go on …`;
  if (target) return `${targetWords(target)}: move a fader, press a key, or turn an endless knob slowly left. Esc: leave it.`;
  if (source) return `learnt: ${source}, ${(encoding ?? "").replaceAll("_", " ")}. Press the next handle, or Esc.`;
  return "";
}

export class Learn {
  #page;
  #panel;
  #target = /** @type {string | null} */ (null);
  #on = false;
  #button = make("button", { type: "button", class: "key", "aria-pressed": "false" }, "learn");
  #sentence = make("p", { role: "status" });
  #lists = make("div");
  /** @type {Map<string, Bindings>} */
  #devices = new Map();

  /**
   * @param {import("./types.js").Page} page
   * @param {HTMLElement} panel
   */
  constructor(page, panel) {
    style("midi.css");
    this.#page = page;
    this.#panel = panel;
    const menu = make("menu", {}, this.#button);
    panel.append(make("section", { id: "learn", "aria-label": "learn" }, menu, this.#sentence, this.#lists));
    this.#button.disabled = page.role === "viewer";
    this.#button.addEventListener("click", () => this.#teach(!this.#on));
    page.hear("learning", (message) => this.#hear(message));
    page.hear("bindings", (message) => {
      this.#devices.set(message.device, message);
      this.#list();
    });
    page.send({ type: "snapshot?" });
    // Before the handle itself: while learning a press chooses it and does not move it.
    for (const type of ["pointerdown", "click", "keydown"]) {
      document.addEventListener(type, (event) => this.#choose(event), { capture: true });
    }
  }

  /** @param {boolean} on */
  #teach(on) {
    this.#on = on;
    this.#button.setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("teaching", on);
    // A press beside the panel must not close it while handles are chosen.
    this.#panel.popover = on ? "manual" : "auto";
    this.#panel.showPopover();
    if (!on && this.#target) this.#page.send({ type: "learn", target: null });
    say(this.#sentence, on ? "Press the handle, key or scene that hardware shall play. Esc: end." : "");
  }

  /** @param {Event} event */
  #choose(event) {
    if (!this.#on) return;
    if (event instanceof KeyboardEvent) {
      const chosen = event.key === "Enter" || event.key === " ";
      if (event.key === "Escape") {
        if (this.#target) this.#page.send({ type: "learn", target: null });
        else this.#teach(false);
      } else if (!chosen) return;
      if (chosen && !this.#pick(event)) return;
    } else if (!this.#pick(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Event} event */
  #pick({ target, type }) {
    const handle = target instanceof Element && target.closest("[data-control]");
    if (!(handle instanceof HTMLElement)) return false;
    if (type !== "click") this.#page.send({ type: "learn", target: handle.dataset.control });
    return true;
  }

  /** @param {Learning} message */
  #hear(message) {
    this.#target = message.target;
    for (const handle of document.querySelectorAll(".learning")) handle.classList.remove("learning");
    if (message.target) {
      const name = CSS.escape(message.target);
      for (const handle of document.querySelectorAll(`[data-control="${name}"]`)) handle.classList.add("learning");
    }
    say(this.#sentence, learningWords(message));
  }

  #list() {
    this.#lists.replaceChildren(...[...this.#devices.values()].map((device) => this.#device(device)));
  }

  /** @param {Bindings} bindings */
  #device({ device, profile, bindings }) {
    const path = `api/bindings/${encodeURIComponent(device)}`;
    const file = make("input", { type: "file", accept: ".toml", class: "unseen", "aria-label": `profile of ${device}` });
    file.addEventListener("change", () => this.#load(path, file.files?.[0]));
    const load = make("label", { class: "key" }, "load", file);
    const save = make("a", { class: "key", href: path, download: `${device}.toml` }, "save");
    const rows = bindings.map((binding) => {
      const off = make("button", { type: "button", "aria-label": `unlearn ${targetWords(binding.target)}` }, "×");
      off.disabled = this.#page.role === "viewer";
      off.addEventListener("click", () => this.#page.send({ type: "unlearn", target: binding.target, device }));
      const words = make("span", { class: binding.conflict ? "conflict" : "" }, bindingWords(binding));
      return make("li", {}, make("span", {}, targetWords(binding.target)), words, off);
    });
    const head = `${device}: ${profile}, ${bindings.length || "nothing yet"}`;
    return make("details", {}, make("summary", {}, head), make("menu", {}, save, load), make("ul", {}, ...rows));
  }

  /**
   * @param {string} path
   * @param {File | undefined} file
   */
  async #load(path, file) {
    if (!file) return;
    const answer = await fetch(path, { method: "PUT", body: await file.text() }).catch(() => null);
    if (answer?.ok) return;
    const why = await answer?.json().catch(() => null);
    this.#page.notice(why?.message ?? "the profile could not be sent");
  }
}
