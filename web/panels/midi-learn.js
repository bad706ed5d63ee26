// @ts-check
/**
 * Learn: press learn, press a handle, move a control of the hardware. Lists what the devices
 * play, takes hardware off, saves a profile as a file and loads one.
 */

import { ask } from "../http.js";
import { button, make, makeFileInput, press, say } from "../dom.js";

/** @typedef {{target: string, source: string, encoding: string, takeover: string, invert: boolean, conflict?: string}} Binding */
/** @typedef {{device: string, profile: string, bindings: Binding[]}} Bindings */
/** @typedef {{target: string | null, device?: string, source?: string, encoding?: string}} Learning */

/** @param {string} target */
export const targetWords = (target) =>
  target.startsWith("scene:") ? `scene ${target.slice(6)}` : target.replaceAll("_", " ").replaceAll(".", " · ");

/** @param {Omit<Binding, "target">} binding */
export function bindingWords({ source, encoding, takeover, invert, conflict }) {
  const parts = [source, encoding.replaceAll("_", " ")];
  if (encoding === "absolute" && takeover !== "pickup") parts.push(takeover);
  if (invert) parts.push("inverted");
  return parts.join(", ") + (conflict ? `; played ${targetWords(conflict)} before` : "");
}

/** What is being learnt, in a sentence. @param {Learning} message */
export function learningWords({ target, device, source, encoding = "" }) {
  if (target && source) return `${targetWords(target)}: hears ${source} of ${device}; go on …`;
  if (target) return `${targetWords(target)}: move a fader, press a key, or turn an endless knob slowly left. Esc: leave it.`;
  return source ? `learnt: ${source}, ${encoding.replaceAll("_", " ")}. Press the next handle, or Esc.` : "";
}

/** @param {Page} page @param {HTMLElement} panel */
export function learn({ send, hear, viewer, notice }, panel) {
  let on = false;
  /** @type {string | null | undefined} */
  let learning = null;
  /** @type {Map<string, Bindings>} */
  const devices = new Map();
  const key = button("learn", () => teach(!on), { class: "key", "aria-pressed": "false", disabled: viewer });
  const [sentence, lists] = [make("p", { role: "status" }), make("div")];
  panel.append(make("section", { id: "learn", "aria-label": "learn" }, make("menu", {}, key), sentence, lists));

  hear("learning", (message) => {
    learning = message.target;
    for (const handle of document.querySelectorAll("[data-control]")) {
      handle.classList.toggle("learning", handle.getAttribute("data-control") === learning);
    }
    say(sentence, learningWords(message));
  });
  hear("bindings", (bindings) => {
    devices.set(bindings.device, bindings);
    lists.replaceChildren(...[...devices.values()].map(makeDevice));
  });
  send({ type: "snapshot?" });
  // Before the handle itself: while learning a press chooses it and does not move it.
  for (const type of ["pointerdown", "click", "keydown"]) document.addEventListener(type, choose, true);

  /** @param {boolean} now */
  function teach(now) {
    on = now;
    press(key, on);
    document.body.classList.toggle("teaching", on);
    // A press beside the panel must not close it while handles are chosen.
    panel.popover = on ? "manual" : "auto";
    panel.showPopover();
    if (!on && learning) send({ type: "learn", target: null });
    say(sentence, on ? "Press the handle, key or scene that hardware shall play. Esc: end." : "");
  }

  /** @param {Event} event */
  function choose(event) {
    if (!on) return;
    const pressed = event instanceof KeyboardEvent ? event.key : "Enter";
    const handle = event.target instanceof Element && event.target.closest("[data-control]");
    if (pressed === "Escape" && learning) send({ type: "learn", target: null });
    else if (pressed === "Escape") teach(false);
    else if (!handle || (pressed !== "Enter" && pressed !== " ")) return;
    else if (event.type !== "click") send({ type: "learn", target: handle.getAttribute("data-control") });
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Bindings} bindings */
  function makeDevice({ device, profile, bindings }) {
    const path = `api/bindings/${encodeURIComponent(device)}`;
    const file = makeFileInput({ accept: ".toml", class: "unseen", "aria-label": `profile of ${device}` },
      (body) => ask(path, { method: "PUT", body }).catch(({ message }) => notice(message)));
    const rows = bindings.map((binding) => make(
      "li", {}, make("span", {}, targetWords(binding.target)),
      make("span", { class: binding.conflict ? "conflict" : "" }, bindingWords(binding)),
      button("×", () => send({ type: "unlearn", target: binding.target, device }),
        { "aria-label": `unlearn ${targetWords(binding.target)}`, disabled: viewer }),
    ));
    const save = make("a", { class: "key", href: path, download: `${device}.toml` }, "save");
    return make(
      "details", {}, make("summary", {}, `${device}: ${profile}, ${bindings.length || "nothing yet"}`),
      make("menu", {}, save, make("label", { class: "key" }, "load", file)), make("ul", {}, ...rows),
    );
  }
}
