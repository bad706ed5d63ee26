// @ts-check
/**
 * Web MIDI: the raw messages of the chosen input go to the server, which interprets them; the
 * server's feedback goes to the device's output. And the positions of hardware beside the
 * page's controls.
 */

import { byId, el, setProps, setText } from "../dom.js";
import { makeMidiThrottle } from "./midi-throttle.js";

const STORAGE_KEY = "styletune.midi";
/** Clock and active sensing carry no value and come dozens of times a second. */
const IGNORED = new Set([0xf8, 0xfe]);
const SYSEX = 0xf0;

/** How to reach this server from a browser that trusts localhost only. @param {{hostname: string, port: string}} location of http: */
export function sshTunnel({ hostname, port }) {
  const number = port || "80";
  return { command: `ssh -N -L ${number}:localhost:${number} user@${hostname}`, address: `http://localhost:${number}/` };
}

/** A message as controllers' manuals write it. @param {readonly number[]} data */
export function formatMidi([status = 0, number = 0, value = 0]) {
  const channel = `ch ${(status & 0x0f) + 1}`;
  const kind = status >> 4;
  if (kind === 0xb) return `${channel} CC ${number} = ${value}`;
  if (kind === 0x8 || kind === 0x9) return `${channel} note ${number} ${kind === 0x9 && value > 0 ? "on" : "off"}`;
  if (kind === 0xe) return `${channel} bend ${number + 128 * value - 8192}`;
  return `${channel} ${status.toString(16)} ${number} ${value}`;
}

/** @param {ArrayLike<number>} data */
export const shouldSend = (data) => data.length > 0 && data[0] !== SYSEX && !IGNORED.has(data[0] ?? 0);

/**
 * The output of the device whose input has this name: the same name, or the same first word.
 * @template {{name: string | null}} T
 * @param {string} name
 * @param {readonly T[]} outputs
 */
export function matchingOutput(name, outputs) {
  const firstWord = (/** @type {string | null} */ text) => (text ?? "").split(/[\s:]/)[0]?.toLowerCase();
  return outputs.find((output) => output.name === name) ?? outputs.find((output) => firstWord(output.name) === firstWord(name));
}

/** @param {MIDIPort | null} port */
const nameOf = (port) => port?.name ?? port?.id ?? "";

/** Why the browser gave no MIDI. @param {unknown} error */
async function refusalText(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name !== "NotAllowedError" && name !== "SecurityError") {
    return `The browser could not open MIDI: ${error instanceof Error ? error.message : error}`;
  }
  const query = /** @type {any} */ ({ name: "midi" });
  // For a browser that does not answer, the second text holds in any case.
  const permission = await navigator.permissions.query(query).catch(() => null);
  return permission?.state === "prompt"
    ? "MIDI was not allowed this time. Press MIDI again to be asked once more."
    : "MIDI is blocked for this page. Allow it in the site settings beside the address, then press MIDI again.";
}

/**
 * Mark where a fader of hardware stands while it does not move its control, with the direction
 * in which it must go.
 * @param {Page} page
 */
function showHardwarePositions({ on }) {
  on("hardware", ({ control, position, waiting, direction }) => {
    const found = document.querySelectorAll(`[data-control="${CSS.escape(control)}"]:is(.fader, .knob, .slider)`);
    for (const element of /** @type {Iterable<HTMLElement>} */ (found)) {
      element.classList.toggle("waiting", waiting);
      setProps(element, { "--ghost": position, "data-ghost": direction === "up" ? "▲" : "▼" });
    }
  });
  // After a reconnection the positions are unknown until the next move of a fader.
  on("snapshot", () => {
    for (const element of document.querySelectorAll(".waiting")) element.classList.remove("waiting");
  });
}

/** @param {Page} page */
export function start(page) {
  showHardwarePositions(page);
  const { send, on } = page;
  const panel = byId("midi-panel");
  const opener = byId("midi");
  const status = el("p", { role: "status" });
  const detail = el("p", { class: "detail" });
  const lastMessage = el("p", { class: "last-message", "aria-hidden": "true", hidden: true }, "move a control");
  const select = el("select", {
    "aria-label": "MIDI input", hidden: true,
    onchange() {
      localStorage.setItem(STORAGE_KEY, select.value);
      openSelected();
    },
  });
  panel.append(el("h2", {}, "MIDI controller"), status, select, detail, lastMessage);
  /** @type {MIDIAccess | null} */
  let access = null;
  /** @type {MIDIInput | null} */
  let input = null;
  let requesting = false;
  let client = "";
  let throttle = makeMidiThrottle();
  let timer = 0;
  let learnStarted = false;

  // SysEx is neither requested nor sent.
  on("feedback", ({ device, data }) => {
    const output = device === nameOf(input) && matchingOutput(device, [...(access?.outputs.values() ?? [])]);
    if (output) for (const message of data) if (message[0] !== SYSEX) output.send(message);
  });
  on("bindings", ({ device, bindings }) => device === nameOf(input) && throttle.setBindings(bindings));
  on("learning", ({ target }) => (throttle.learning = target !== null));
  // A new connection does not know our device.
  on("snapshot", (snapshot) => {
    if (snapshot.client !== client && input) send({ type: "listen", device: nameOf(input) });
    client = snapshot.client;
  });
  // Only on a click, never with SysEx.
  const onOpen = async () => {
    if (!access && !requesting) requestAccess();
    const { startLearn } = await import("./midi-learn.js");
    if (!learnStarted) startLearn(page, panel);
    learnStarted = true;
  };
  opener.onclick = onOpen;
  if (panel.matches(":popover-open")) onOpen();

  async function requestAccess() {
    // While there is something to answer the panel stays open.
    setTimeout(() => panel.matches(":popover-open") || panel.showPopover());
    if (!isSecureContext) {
      const { command, address } = sshTunnel(location);
      showStatus("A browser gives MIDI only to pages from this computer. Run this beside the browser:");
      return detail.append(el("code", {}, command), `and open the address that styletune printed, with ${address} in front.`);
    }
    if (!navigator.requestMIDIAccess) {
      return showStatus("This browser has no Web MIDI; Chrome, Edge and Firefox have. Or run `styletune midi` beside it. The handles here play as ever.");
    }
    requesting = true;
    showStatus("The browser asks whether this page may use MIDI …");
    try {
      access = await navigator.requestMIDIAccess({ sysex: false });
      access.onstatechange = updateInputs;
      updateInputs();
    } catch (error) {
      showStatus(await refusalText(error));
    }
    requesting = false;
  }

  /** Inputs came or went. */
  function updateInputs() {
    const names = connectedInputs().map(nameOf);
    const before = nameOf(input);
    select.hidden = names.length === 0;
    select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    if (names.length === 0) {
      setInput(null);
      return showStatus(before
        ? `${before} was unplugged. Plug it in again and it plays on; the handles here never stopped.`
        : "MIDI is allowed, but no controller is plugged in. Plug one in: it appears here by itself.");
    }
    const stored = localStorage.getItem(STORAGE_KEY) ?? "";
    // Every Linux machine has a loop-back port, which nobody wants.
    const first = names.find((name) => !/through/i.test(name)) ?? names[0] ?? "";
    select.value = names.includes(stored) ? stored : first;
    openSelected();
  }

  const connectedInputs = () => [...(access?.inputs.values() ?? [])].filter(({ state }) => state !== "disconnected");

  function openSelected() {
    setInput(connectedInputs().find((one) => nameOf(one) === select.value) ?? null);
    if (input) showStatus(`${select.value} plays.`);
  }

  /** @param {MIDIInput | null} next */
  function setInput(next) {
    if (input === next) return;
    if (input) {
      input.onmidimessage = null;
      send({ type: "unlisten", device: nameOf(input) });
    }
    input = next;
    throttle = makeMidiThrottle();
    lastMessage.hidden = !next;
    opener.classList.toggle("on", next !== null);
    if (!next) return;
    next.onmidimessage = ({ data }) => {
      if (!data || !shouldSend(data)) return;
      setText(lastMessage, formatMidi([...data]));
      throttle.add([...data], performance.now());
      flush();
    };
    send({ type: "listen", device: nameOf(next) });
  }

  /** Send what is due, and come back when more is. */
  function flush() {
    const data = throttle.takeDue(performance.now()).flat();
    if (data.length) send({ type: "midi", device: nameOf(input), data });
    clearTimeout(timer);
    const waitMs = throttle.nextDue() - performance.now();
    if (waitMs < Infinity) timer = setTimeout(flush, waitMs);
  }

  /** @param {string} text */
  function showStatus(text) {
    detail.replaceChildren();
    setText(status, text);
  }
}
