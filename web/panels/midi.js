// @ts-check
/**
 * Where hardware stands; and Web MIDI: the chosen input's raw messages go to the server, which
 * alone knows what they mean; what the server wants the device to show goes to its output.
 */

import { byId, make, say, set } from "../dom.js";
import { makeThinner } from "./midi-throttle.js";

/** @typedef {{control: string, position: number, waiting: boolean, direction: "up" | "down" | null}} Hardware */

const CHOICE = "styletune.midi";
/** Clock and active sensing say nothing and come dozens of times a second. */
const CHATTER = new Set([0xf8, 0xfe]);
const SYSEX = 0xf0;

/** How to reach this server from a browser that trusts localhost only. @param {{hostname: string, port: string}} place of http: */
export function tunnel({ hostname, port }) {
  const number = port || "80";
  return { command: `ssh -N -L ${number}:localhost:${number} user@${hostname}`, address: `http://localhost:${number}/` };
}

/** A message as controllers' manuals write it. @param {readonly number[]} data */
export function midiWords([status = 0, number = 0, value = 0]) {
  const channel = `ch ${(status & 0x0f) + 1}`;
  const kind = status >> 4;
  if (kind === 0xb) return `${channel} CC ${number} = ${value}`;
  if (kind === 0x8 || kind === 0x9) return `${channel} note ${number} ${kind === 0x9 && value > 0 ? "on" : "off"}`;
  if (kind === 0xe) return `${channel} bend ${number + 128 * value - 8192}`;
  return `${channel} ${status.toString(16)} ${number} ${value}`;
}

/** @param {ArrayLike<number>} data */
export const worthSending = (data) => data.length > 0 && data[0] !== SYSEX && !CHATTER.has(data[0] ?? 0);

/**
 * The output of the device whose input has this name: the same name, or the same first word.
 * @template {{name: string | null}} T
 * @param {string} name
 * @param {readonly T[]} outputs
 */
export function mateOf(name, outputs) {
  const word = (/** @type {string | null} */ text) => (text ?? "").split(/[\s:]/)[0]?.toLowerCase();
  return outputs.find((output) => output.name === name) ?? outputs.find((output) => word(output.name) === word(name));
}

/** @param {MIDIPort | null} port */
const nameOf = (port) => port?.name ?? port?.id ?? "";

/** Why the browser gave no MIDI. @param {unknown} error */
async function refusal(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name !== "NotAllowedError" && name !== "SecurityError") {
    return `The browser could not open MIDI: ${error instanceof Error ? error.message : error}`;
  }
  const query = /** @type {any} */ ({ name: "midi" });
  // A browser that does not tell: the second sentence holds in any case.
  const permission = await navigator.permissions.query(query).catch(() => null);
  return permission?.state === "prompt"
    ? "MIDI was not allowed this time. Press MIDI again to be asked once more."
    : "MIDI is blocked for this page. Allow it in the site settings beside the address, then press MIDI again.";
}

/**
 * Where a fader of hardware stands while it does not move its control: a mark beside the
 * handle, pointing the way to go.
 * @param {Page} page
 */
function showGhosts({ hear }) {
  hear("hardware", ({ control, position, waiting, direction }) => {
    const found = document.querySelectorAll(`[data-control="${CSS.escape(control)}"]:is(.fader, .knob, .slider)`);
    for (const handle of /** @type {Iterable<HTMLElement>} */ (found)) {
      handle.classList.toggle("waiting", waiting);
      set(handle, { "--ghost": position, "data-ghost": direction === "up" ? "▲" : "▼" });
    }
  });
  // After a connection nobody knows: the next touch of a fader tells.
  hear("snapshot", () => {
    for (const handle of document.querySelectorAll(".waiting")) handle.classList.remove("waiting");
  });
}

/** @param {Page} page */
export function start(page) {
  showGhosts(page);
  const { send, hear } = page;
  const panel = byId("midi-panel");
  const key = byId("midi");
  const sentence = make("p", { role: "status" });
  const detail = make("p", { class: "detail" });
  const heard = make("p", { class: "heard", "aria-hidden": "true", hidden: true }, "move a control");
  const select = make("select", {
    "aria-label": "MIDI input", hidden: true,
    onchange() {
      localStorage.setItem(CHOICE, select.value);
      choose();
    },
  });
  panel.append(make("h2", {}, "MIDI controller"), sentence, select, detail, heard);
  /** @type {MIDIAccess | null} */
  let access = null;
  /** @type {MIDIInput | null} */
  let input = null;
  let asking = false;
  let client = "";
  let thinner = makeThinner();
  let timer = 0;
  let taught = false;

  // SysEx was not asked for, and is not sent.
  hear("feedback", ({ device, data }) => {
    const output = device === nameOf(input) && mateOf(device, [...(access?.outputs.values() ?? [])]);
    if (output) for (const message of data) if (message[0] !== SYSEX) output.send(message);
  });
  hear("bindings", ({ device, bindings }) => device === nameOf(input) && thinner.know(bindings));
  hear("learning", ({ target }) => (thinner.learning = target !== null));
  // A new connection knows nothing of us.
  hear("snapshot", (snapshot) => {
    if (snapshot.client !== client && input) send({ type: "listen", device: nameOf(input) });
    client = snapshot.client;
  });
  // Only on a click, never with SysEx.
  const asked = async () => {
    if (!access && !asking) open();
    const { learn } = await import("./midi-learn.js");
    if (!taught) learn(page, panel);
    taught = true;
  };
  key.onclick = asked;
  if (panel.matches(":popover-open")) asked();

  async function open() {
    // While there is something to ask the panel stays open.
    setTimeout(() => panel.matches(":popover-open") || panel.showPopover());
    if (!isSecureContext) {
      const { command, address } = tunnel(location);
      tell("A browser gives MIDI only to pages from this computer. Run this beside the browser:");
      return detail.append(make("code", {}, command), `and open the address that styletune printed, with ${address} in front.`);
    }
    if (!navigator.requestMIDIAccess) {
      return tell("This browser has no Web MIDI; Chrome, Edge and Firefox have. Or run `styletune midi` beside it. The handles here play as ever.");
    }
    asking = true;
    tell("The browser asks whether this page may use MIDI …");
    try {
      access = await navigator.requestMIDIAccess({ sysex: false });
      access.onstatechange = list;
      list();
    } catch (error) {
      tell(await refusal(error));
    }
    asking = false;
  }

  /** Inputs came or went. */
  function list() {
    const names = inputs().map(nameOf);
    const before = nameOf(input);
    select.hidden = names.length === 0;
    select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    if (names.length === 0) {
      listen(null);
      return tell(before
        ? `${before} was unplugged. Plug it in again and it plays on; the handles here never stopped.`
        : "MIDI is allowed, but no controller is plugged in. Plug one in: it appears here by itself.");
    }
    const wished = localStorage.getItem(CHOICE) ?? "";
    // A loop-back port is there on every Linux machine, and never what a person plays.
    const first = names.find((name) => !/through/i.test(name)) ?? names[0] ?? "";
    select.value = names.includes(wished) ? wished : first;
    choose();
  }

  const inputs = () => [...(access?.inputs.values() ?? [])].filter(({ state }) => state !== "disconnected");

  function choose() {
    listen(inputs().find((one) => nameOf(one) === select.value) ?? null);
    if (input) tell(`${select.value} plays.`);
  }

  /** @param {MIDIInput | null} next */
  function listen(next) {
    if (input === next) return;
    if (input) {
      input.onmidimessage = null;
      send({ type: "unlisten", device: nameOf(input) });
    }
    input = next;
    thinner = makeThinner();
    heard.hidden = !next;
    key.classList.toggle("on", next !== null);
    if (!next) return;
    next.onmidimessage = ({ data }) => {
      if (!data || !worthSending(data)) return;
      say(heard, midiWords([...data]));
      thinner.feed([...data], performance.now());
      flush();
    };
    send({ type: "listen", device: nameOf(next) });
  }

  function flush() {
    const data = thinner.take(performance.now()).flat();
    if (data.length) send({ type: "midi", device: nameOf(input), data });
    clearTimeout(timer);
    const wait = thinner.due() - performance.now();
    if (wait < Infinity) timer = setTimeout(flush, wait);
  }

  /** @param {string} words */
  function tell(words) {
    detail.replaceChildren();
    say(sentence, words);
  }
}
