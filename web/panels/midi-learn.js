// @ts-check
/**
 * MIDI learn: press learn, press a control, move the hardware. Lists the bindings of each device,
 * removes them, saves a profile as a file and loads one.
 */

import { button, el, fileInput, setPressed, setText } from "../dom.js";
import { request } from "../http.js";
/** @typedef {Names["nameOf"]} NameOf */

/** @param {Binding} binding @param {NameOf} nameOf */
export function formatBinding({ source, encoding, takeover, invert, conflict }, nameOf) {
  const parts = [source, encoding.replaceAll("_", " ")];
  if (encoding === "absolute" && takeover !== "pickup") parts.push(takeover);
  if (invert) parts.push("inverted");
  return parts.join(", ") + (conflict ? `; played ${nameOf(conflict)} before` : "");
}

/** The state of learning, in a sentence. @param {Omit<LearningMessage, "type">} message @param {NameOf} nameOf */
export function formatLearning({ target, device, source, encoding = "" }, nameOf) {
  if (target && source) return `${nameOf(target)}: ${source} of ${device}; go on …`;
  if (target) return `${nameOf(target)}: move a fader, press a key, or turn an endless knob slowly left. Esc: leave it.`;
  return source ? `learnt: ${source}, ${encoding.replaceAll("_", " ")}. Press the next handle, or Esc.` : "";
}

/**
 * What is written on a handle: the first hardware that plays it, and how many more do.
 * @param {readonly string[]} sources such as "ch 1 CC 16"
 * @param {boolean} narrow without "CC": on a small key
 */
export function bindingLabel([first, ...more], narrow) {
  const short = (first ?? "").replace(/^ch \d+ /, "");
  const label = narrow ? short.replace("CC ", "").replace("note ", "♪") : short;
  return more.length ? `${label} +${more.length}` : label;
}

/** @param {Page} page @param {HTMLElement} panel gets the section; returns what begins and ends learning */
export function startLearn({ send, on, viewer, showNotice, store, names }, panel) {
  const { nameOf, layerOf } = names;
  let active = false;
  /** @type {string | null} */
  let learning = null;
  /** @type {Map<string, BindingsMessage>} */
  const devices = new Map();
  const toggle = button("learn", () => setActive(!active), { class: "key", "aria-pressed": "false", disabled: viewer });
  const [hint, also, lists] = [el("p", { role: "status" }), el("menu", { class: "also" }), el("div", { class: "devices" })];
  panel.append(el("section", { id: "learn", "aria-label": "learn" }, el("menu", {}, toggle), hint, also, lists));

  on("learning", (message) => {
    learning = message.target;
    for (const control of document.querySelectorAll("[data-control]")) {
      control.classList.toggle("learning", control.getAttribute("data-control") === learning);
    }
    setText(hint, formatLearning(message, nameOf));
  });
  on("bindings", (message) => {
    devices.set(message.device, message);
    lists.replaceChildren(...[...devices.values()].map(makeDevice));
    if (active) showBindings();
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
    also.replaceChildren(...(active ? makeOthers() : []));
    for (const label of document.querySelectorAll(".binding")) label.remove();
    if (active) showBindings();
    else send({ type: "snapshot?" }); // which keys have nothing to do
    setText(hint, active ? "Press the handle, key or scene that hardware shall play. Esc: end." : "");
  }

  /** Keys for what is nowhere on the page, such as the next scene. */
  function makeOthers() {
    const isThere = (/** @type {string} */ name) => document.querySelector(`[data-control="${CSS.escape(name)}"]`);
    return store.rows.filter(({ name, style }) => !style && !isThere(name))
      .map(({ name }) => button(nameOf(name), () => {}, { class: "key", "data-control": name }));
  }

  /** Write on each handle what plays it. A key that has nothing to do now can be learnt all the same. */
  function showBindings() {
    for (const key of document.querySelectorAll("[data-control]:disabled")) key.removeAttribute("disabled");
    for (const label of document.querySelectorAll(".binding")) label.remove();
    const bindings = [...devices.values()].flatMap((device) => device.bindings);
    for (const handle of document.querySelectorAll("[data-control]:not(input)")) {
      const sources = bindings.filter(({ target }) => target === handle.getAttribute("data-control")).map(({ source }) => source);
      if (sources.length) handle.append(el("b", { class: "binding", "data-text": bindingLabel(sources, handle.matches(".switch")) }));
    }
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
      "li", {}, el("span", {}, nameOf(binding.target), el("small", {}, layerOf(binding.target))),
      el("span", { class: binding.conflict ? "conflict" : "" }, formatBinding(binding, nameOf)),
      button("×", () => send({ type: "unlearn", target: binding.target, device }),
        { "aria-label": `unlearn ${nameOf(binding.target)}`, disabled: viewer }),
    ));
    const save = el("a", { class: "key", href: path, download: `${device}.toml` }, "save");
    return el(
      "details", {}, el("summary", {}, `${device}: ${profile}, ${bindings.length || "nothing yet"}`),
      el("menu", {}, save, el("label", { class: "key" }, "load", file)), el("ul", {}, ...rows),
    );
  }

  return { toggle: () => setActive(!active) };
}
