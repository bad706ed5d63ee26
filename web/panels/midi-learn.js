// @ts-check
/**
 * MIDI learn: press learn, press a control, move the hardware. Lists the bindings of each device,
 * removes them, saves a profile as a file and loads one.
 */

import { button, el, fileInput, setPressed, setText } from "../dom.js";
import { request } from "../http.js";
import { readable } from "../layers.js";

/** @param {string} target a control or `scene:<name>` */
export const formatTarget = (target) =>
  target.startsWith("scene:") ? `scene ${target.slice(6)}` : readable(target).replaceAll(".", " · ");

/** @param {Binding} binding */
export function formatBinding({ source, encoding, takeover, invert, conflict }) {
  const parts = [source, encoding.replaceAll("_", " ")];
  if (encoding === "absolute" && takeover !== "pickup") parts.push(takeover);
  if (invert) parts.push("inverted");
  return parts.join(", ") + (conflict ? `; played ${formatTarget(conflict)} before` : "");
}

/** The state of learning, in a sentence. @param {Omit<LearningMessage, "type">} message */
export function formatLearning({ target, device, source, encoding = "" }) {
  if (target && source) return `${formatTarget(target)}: hears ${source} of ${device}; go on …`;
  if (target) return `${formatTarget(target)}: move a fader, press a key, or turn an endless knob slowly left. Esc: leave it.`;
  return source ? `learnt: ${source}, ${encoding.replaceAll("_", " ")}. Press the next handle, or Esc.` : "";
}

/** @param {Page} page @param {HTMLElement} panel gets the section */
export function startLearn({ send, on, viewer, showNotice }, panel) {
  let active = false;
  /** @type {string | null} */
  let learning = null;
  /** @type {Map<string, BindingsMessage>} */
  const devices = new Map();
  const toggle = button("learn", () => setActive(!active), { class: "key", "aria-pressed": "false", disabled: viewer });
  const [hint, lists] = [el("p", { role: "status" }), el("div")];
  panel.append(el("section", { id: "learn", "aria-label": "learn" }, el("menu", {}, toggle), hint, lists));

  on("learning", (message) => {
    learning = message.target;
    for (const control of document.querySelectorAll("[data-control]")) {
      control.classList.toggle("learning", control.getAttribute("data-control") === learning);
    }
    setText(hint, formatLearning(message));
  });
  on("bindings", (message) => {
    devices.set(message.device, message);
    lists.replaceChildren(...[...devices.values()].map(makeDevice));
  });
  send({ type: "snapshot?" });
  // In the capture phase, before the control itself: while learning a press chooses it and does not move it.
  for (const type of ["pointerdown", "click", "keydown"]) document.addEventListener(type, choose, true);

  /** @param {boolean} now */
  function setActive(now) {
    active = now;
    setPressed(toggle, active);
    document.body.classList.toggle("learn-mode", active);
    // A press outside of the panel must not close it while controls are chosen.
    panel.popover = active ? "manual" : "auto";
    panel.showPopover();
    if (!active && learning) send({ type: "learn", target: null });
    setText(hint, active ? "Press the handle, key or scene that hardware shall play. Esc: end." : "");
  }

  /** @param {Event} event */
  function choose(event) {
    if (!active) return;
    const key = event instanceof KeyboardEvent ? event.key : "Enter";
    const control = event.target instanceof Element && event.target.closest("[data-control]");
    if (key === "Escape" && learning) send({ type: "learn", target: null });
    else if (key === "Escape") setActive(false);
    else if (!control || (key !== "Enter" && key !== " ")) return;
    else if (event.type !== "click") send({ type: "learn", target: control.getAttribute("data-control") });
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {BindingsMessage} message */
  function makeDevice({ device, profile, bindings }) {
    const path = `api/bindings/${encodeURIComponent(device)}`;
    const file = fileInput({ accept: ".toml", class: "unseen", "aria-label": `profile of ${device}` },
      (body) => request(path, { method: "PUT", body }).catch(({ message }) => showNotice(message)));
    const rows = bindings.map((binding) => el(
      "li", {}, el("span", {}, formatTarget(binding.target)),
      el("span", { class: binding.conflict ? "conflict" : "" }, formatBinding(binding)),
      button("×", () => send({ type: "unlearn", target: binding.target, device }),
        { "aria-label": `unlearn ${formatTarget(binding.target)}`, disabled: viewer }),
    ));
    const save = el("a", { class: "key", href: path, download: `${device}.toml` }, "save");
    return el(
      "details", {}, el("summary", {}, `${device}: ${profile}, ${bindings.length || "nothing yet"}`),
      el("menu", {}, save, el("label", { class: "key" }, "load", file)), el("ul", {}, ...rows),
    );
  }
}
