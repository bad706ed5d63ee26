// @ts-check
/**
 * Web MIDI: the chosen input's raw messages go to the server, which alone knows what they
 * mean; what the server wants the device to show goes to its output.
 */

import { byId, make, say } from "./element.js";
import { Thinner } from "./thinning.js";

const CHOICE = "styletune.midi";
/** Clock and active sensing say nothing and come dozens of times a second. */
const CHATTER = new Set([0xf8, 0xfe]);
const SYSEX = 0xf0;

/**
 * How to reach this server from a browser that trusts localhost only.
 * @param {{hostname: string, port: string, protocol: string}} place
 */
export function tunnel({ hostname, port, protocol }) {
  const number = port || (protocol === "https:" ? "443" : "80");
  return {
    command: `ssh -N -L ${number}:localhost:${number} user@${hostname}`,
    address: `http://localhost:${number}/`,
  };
}

/**
 * A message as controllers' manuals write it.
 * @param {readonly number[]} data
 */
export function midiWords([status = 0, number = 0, value = 0]) {
  const channel = `ch ${(status & 0x0f) + 1}`;
  const kind = status >> 4;
  if (kind === 0xb) return `${channel} CC ${number} = ${value}`;
  if (kind === 0x9 && value > 0) return `${channel} note ${number} on`;
  if (kind === 0x8 || kind === 0x9) return `${channel} note ${number} off`;
  if (kind === 0xe) return `${channel} bend ${number + 128 * value - 8192}`;
  return `${channel} ${status.toString(16)} ${number} ${value}`;
}

/** @param {ArrayLike<number>} data */
export const worthSending = (data) =>
  data.length > 0 && data[0] !== SYSEX && !CHATTER.has(data[0] ?? 0);

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

/** @param {import("./types.js").Page} page */
export const start = (page) => void new Midi(page);

class Midi {
  #button = byId("midi", HTMLButtonElement);
  #panel = byId("midi-panel", HTMLDivElement);
  #sentence = make("p", { role: "status" });
  #detail = make("p", { class: "detail" });
  #select = make("select", { "aria-label": "MIDI input" });
  #heard = make("p", { class: "heard", "aria-hidden": "true" }, "move a control");
  /** @type {MIDIAccess | null} */
  #access = null;
  /** @type {MIDIInput | null} */
  #input = null;
  #asking = false;
  #thinner = new Thinner();
  #timer = 0;
  #page;

  /** @param {import("./types.js").Page} page */
  constructor(page) {
    this.#page = page;
    page.hear("feedback", ({ device, data }) => device === this.#name && this.#show(data));
    page.hear("bindings", ({ device, bindings }) => device === this.#name && this.#thinner.know(bindings));
    page.hear("learning", ({ target }) => (this.#thinner.learning = target !== null));
    // The server knows nothing of us after a new connection.
    page.hear("snapshot", ({ client }) => {
      if (client !== this.#client && this.#input) page.send({ type: "listen", device: this.#name });
      this.#client = client;
    });
    this.#panel.append(make("h2", {}, "MIDI controller"), this.#sentence, this.#select, this.#detail, this.#heard);
    this.#select.hidden = this.#heard.hidden = true;
    this.#select.addEventListener("change", () => {
      localStorage.setItem(CHOICE, this.#select.value);
      this.#choose();
    });
    this.#button.addEventListener("click", () => this.#ask());
    this.#button.addEventListener("click", async () => {
      const { Learn } = await import("./learn.js");
      this.#learn ??= new Learn(page, this.#panel);
    });
  }

  #client = "";
  /** @type {import("./learn.js").Learn | null} */
  #learn = null;

  get #name() {
    return this.#input?.name ?? this.#input?.id ?? "";
  }

  /** Only ever on a click, and never with SysEx. */
  async #ask() {
    if (this.#access || this.#asking) return;
    // The button opens and closes the panel; while there is something to ask it stays open.
    setTimeout(() => this.#panel.matches(":popover-open") || this.#panel.showPopover());
    if (!isSecureContext) {
      const { command, address } = tunnel(location);
      this.#tell("A browser gives MIDI only to pages from this computer. Run this beside the browser:");
      this.#detail.replaceChildren(
        make("code", {}, command),
        `and open the address that styletune printed, with ${address} in front.`,
      );
      return;
    }
    if (!navigator.requestMIDIAccess) {
      this.#tell("This browser has no Web MIDI; Chrome, Edge and Firefox have. Or run `styletune midi` beside it. The handles here play as ever.");
      return;
    }
    this.#asking = true;
    this.#tell("The browser asks whether this page may use MIDI …");
    try {
      this.#access = await navigator.requestMIDIAccess({ sysex: false });
      this.#access.onstatechange = () => this.#list();
      this.#list();
    } catch (error) {
      this.#tell(await this.#refusal(error));
    }
    this.#asking = false;
  }

  /**
   * @param {unknown} error
   * @returns {Promise<string>}
   */
  async #refusal(error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name !== "NotAllowedError" && name !== "SecurityError") {
      return `The browser could not open MIDI: ${error instanceof Error ? error.message : error}`;
    }
    let asked = false;
    try {
      const query = /** @type {PermissionDescriptor} */ (/** @type {unknown} */ ({ name: "midi" }));
      asked = (await navigator.permissions.query(query)).state === "prompt";
    } catch {
      // a browser that does not tell: the sentence below holds in any case
    }
    return asked
      ? "MIDI was not allowed this time. Press MIDI again to be asked once more."
      : "MIDI is blocked for this page. Allow it in the site settings beside the address, then press MIDI again.";
  }

  /** Inputs came or went. */
  #list() {
    const inputs = [...(this.#access?.inputs.values() ?? [])].filter(
      (input) => input.state !== "disconnected",
    );
    const lost = this.#input && !inputs.some((input) => input.id === this.#input?.id);
    const name = this.#input?.name;
    this.#select.hidden = inputs.length === 0;
    this.#select.replaceChildren(
      ...inputs.map((input) => make("option", { value: input.name ?? input.id }, input.name ?? input.id)),
    );
    if (inputs.length === 0) {
      this.#listen(null);
      this.#tell(
        lost
          ? `${name} was unplugged. Plug it in again and it plays on; the handles here never stopped.`
          : "MIDI is allowed, but no controller is plugged in. Plug one in: it appears here by itself.",
      );
      return;
    }
    const wished = localStorage.getItem(CHOICE);
    const values = inputs.map((input) => input.name ?? input.id);
    // A loop-back port is there on every Linux machine, and never what a person plays.
    const first = values.find((value) => !/through/i.test(value)) ?? values[0] ?? "";
    this.#select.value = wished && values.includes(wished) ? wished : first;
    this.#choose();
  }

  #choose() {
    const wanted = this.#select.value;
    const inputs = [...(this.#access?.inputs.values() ?? [])];
    this.#listen(inputs.find((input) => (input.name ?? input.id) === wanted) ?? null);
    if (this.#input) this.#tell(`${wanted} plays.`);
  }

  /** @param {MIDIInput | null} input */
  #listen(input) {
    if (this.#input === input) return;
    if (this.#input) {
      this.#input.onmidimessage = null;
      this.#page.send({ type: "unlisten", device: this.#name });
    }
    this.#input = input;
    this.#thinner = new Thinner();
    this.#heard.hidden = !input;
    this.#button.classList.toggle("on", input !== null);
    if (!input) return;
    input.onmidimessage = ({ data }) => {
      if (!data || !worthSending(data)) return;
      const message = [...data];
      say(this.#heard, midiWords(message));
      this.#thinner.feed(message, performance.now());
      this.#flush();
    };
    this.#page.send({ type: "listen", device: this.#name });
  }

  #flush() {
    for (const data of this.#thinner.take(performance.now())) {
      this.#page.send({ type: "midi", device: this.#name, data });
    }
    clearTimeout(this.#timer);
    const wait = this.#thinner.due - performance.now();
    if (wait < Infinity) this.#timer = setTimeout(() => this.#flush(), wait);
  }

  /**
   * SysEx was not asked for, and is not sent.
   * @param {number[][]} messages
   */
  #show(messages) {
    const output = mateOf(this.#name, [...(this.#access?.outputs.values() ?? [])]);
    for (const data of messages) if (data[0] !== SYSEX) output?.send(data);
  }

  /** @param {string} sentence */
  #tell(sentence) {
    this.#detail.replaceChildren();
    say(this.#sentence, sentence);
  }
}
