// @ts-check
/**
 * Web MIDI: raw messages go to the server, which interprets them, and its feedback to the outputs.
 * And the positions of hardware beside the page's controls.
 */

import { byId, el, setProps, setText } from "../dom.js";
import { onShortcut } from "../shortcuts.js";
import { mate, uniqueNames } from "./midi-names.js";
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

/** @param {Omit<UnboundMessage, "type">} message */
export const formatUnbound = ({ device, source, count, hint }) =>
  `Nothing is bound to ${source} of ${device}; ${count} such event${count > 1 ? "s" : ""} so far.${hint ? ` ${hint}.` : ""}`;

/** @param {ArrayLike<number>} data */
export const shouldSend = (data) => data.length > 0 && data[0] !== SYSEX && !IGNORED.has(data[0] ?? 0);

/** @param {{name: string | null, id: string}} port */
const nameOf = ({ name, id }) => name?.trim() || id;

/**
 * The inputs that play, each with a name of its own: the chosen one while it is there, else all
 * but loop-back ports, which every Linux machine has and nobody wants.
 * @template {{name: string | null, id: string}} T
 * @param {readonly T[]} inputs
 * @param {string} choice id of an input; "": all
 */
export function playingInputs(inputs, choice) {
  const names = uniqueNames(inputs.map(nameOf));
  const named = inputs.map((input, index) => ({ input, name: names[index] ?? "" }));
  const chosen = named.find(({ input }) => input.id === choice);
  return chosen ? [chosen] : named.filter(({ name }) => !/through/i.test(name));
}

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
      updateInputs();
    },
  });
  const unbound = el("p", { class: "unbound", role: "status", hidden: true });
  panel.append(el("h2", {}, "MIDI controller"), status, select, detail, lastMessage, unbound);
  /** @type {MIDIAccess | null} */
  let access = null;
  /**
   * What plays, by the names that the server gets.
   * @type {Map<string, {input: MIDIInput, output?: MIDIOutput, throttle: ReturnType<typeof makeMidiThrottle>}>}
   */
  const playing = new Map();
  let requesting = false;
  let client = "";
  let learning = false;
  let timer = 0;
  /** @type {ReturnType<typeof import("./midi-learn.js").startLearn> | undefined} */
  let learn;

  // SysEx is neither requested nor sent.
  on("feedback", ({ device, data }) => {
    const output = playing.get(device)?.output;
    try {
      if (output) for (const message of data) if (message[0] !== SYSEX) output.send(message);
    } catch { /* it has just been unplugged */ }
  });
  // Of every device, also of those that an agent plays.
  on("unbound", (message) => {
    const known = unbound.textContent?.includes(message.hint ?? "");
    setText(unbound, formatUnbound(message));
    unbound.hidden = false;
    if (!known) page.showNotice(formatUnbound(message));
  });
  on("bindings", ({ device, bindings }) => playing.get(device)?.throttle.setBindings(bindings));
  on("learning", ({ target }) => {
    learning = target !== null;
    for (const { throttle } of playing.values()) throttle.learning = learning;
  });
  // A new connection does not know our devices.
  on("snapshot", (snapshot) => {
    if (snapshot.client !== client) for (const device of playing.keys()) send({ type: "listen", device });
    client = snapshot.client;
  });
  // Only on a click, never with SysEx.
  const onOpen = async () => {
    if (!access && !requesting) requestAccess();
    const { startLearn } = await import("./midi-learn.js");
    learn ??= startLearn(page, panel);
  };
  opener.onclick = onOpen;
  onShortcut(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    if (key !== "l" || ctrlKey || metaKey || altKey || repeat) return false;
    onOpen().then(() => learn?.toggle());
    return true;
  });
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

  /** Ports came or went, or another input was chosen. */
  function updateInputs() {
    const connected = (/** @type {MIDIPort} */ { state }) => state !== "disconnected";
    const inputs = [...(access?.inputs.values() ?? [])].filter(connected);
    const outputs = [...(access?.outputs?.values() ?? [])].filter(connected);
    const choice = localStorage.getItem(STORAGE_KEY) ?? "";
    const next = playingInputs(inputs, choice);
    const before = [...playing.keys()].join(", ");
    for (const [name, { input }] of playing) {
      if (!next.some((one) => one.name === name && one.input === input)) close(name);
    }
    for (const { input, name } of next) {
      if (!playing.has(name)) open(name, input);
      const output = outputs[mate(inputs.indexOf(input), inputs.map(nameOf), outputs.map(nameOf))];
      Object.assign(playing.get(name) ?? {}, { output });
    }
    const names = uniqueNames(inputs.map(nameOf));
    select.replaceChildren(
      el("option", { value: "" }, "all controllers"),
      ...inputs.map(({ id }, index) => el("option", { value: id }, names[index] ?? "")),
    );
    select.value = inputs.some(({ id }) => id === choice) ? choice : "";
    select.hidden = inputs.length === 0;
    lastMessage.hidden = playing.size === 0;
    opener.classList.toggle("on", playing.size > 0);
    if (playing.size) showStatus(`${[...playing.keys()].join(", ")} ${playing.size > 1 ? "play" : "plays"}.`);
    else showStatus(before
      ? `${before} was unplugged. Plug it in again and it plays on; the handles here never stopped.`
      : "MIDI is allowed, but no controller is plugged in. Plug one in: it appears here by itself.");
  }

  /** @param {string} name @param {MIDIInput} input */
  function open(name, input) {
    const throttle = makeMidiThrottle();
    throttle.learning = learning;
    playing.set(name, { input, throttle });
    input.onmidimessage = ({ data }) => {
      if (!data || !shouldSend(data)) return;
      setText(lastMessage, (playing.size > 1 ? `${name}: ` : "") + formatMidi([...data]));
      throttle.add([...data], performance.now());
      flush();
    };
    send({ type: "listen", device: name });
  }

  /** @param {string} name */
  function close(name) {
    const closed = playing.get(name);
    if (closed) closed.input.onmidimessage = null;
    playing.delete(name);
    send({ type: "unlisten", device: name });
  }

  /** Send what is due, and come back when more is. */
  function flush() {
    const now = performance.now();
    let dueAt = Infinity;
    for (const [device, { throttle }] of playing) {
      const data = throttle.takeDue(now).flat();
      if (data.length) send({ type: "midi", device, data });
      dueAt = Math.min(dueAt, throttle.nextDue());
    }
    clearTimeout(timer);
    if (dueAt < Infinity) timer = setTimeout(flush, dueAt - performance.now());
  }

  /** @param {string} text */
  function showStatus(text) {
    detail.replaceChildren();
    setText(status, text);
  }
}
