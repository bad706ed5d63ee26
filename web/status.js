// @ts-check
/**
 * How things stand, in words: the link, the painter, its pace, how long a hand takes to
 * reach the picture, and which network on which device.
 */

import { byId, make, say } from "./element.js";
import { delayWords, rateWords } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").LinkState} LinkState */

const STALE_MS = 2000;
const TICK_MS = 250;
const RATE_MS = 2000;

/** @type {Record<string, string>} */
const WORDS = {
  running: "painting",
  compiling: "compiling the network",
  starting: "starting the painter",
};

/**
 * What the state line says. Pure.
 * @param {LinkState} link
 * @param {State | null} state
 * @param {{now: number, silentMs: number, staleMs: number, retryAt: number}} times ms
 * @returns {{key: string, words: string}} `key` holds still while `words` count down
 */
export function standing(link, state, { now, silentMs, staleMs, retryAt }) {
  const seconds = (/** @type {number} */ until) => Math.max(1, Math.ceil((until - now) / 1000));
  if (link.kind === "stopped") return { key: "stopped", words: "not connected" };
  if (link.kind === "waiting") {
    return { key: "reconnecting", words: `reconnecting in ${seconds(link.until)} s` };
  }
  if (link.kind === "connecting" || !state) return { key: "connecting", words: "connecting" };
  if (state.state === "running" && silentMs > staleMs) {
    return { key: "stale", words: `no picture for ${Math.floor(silentMs / 1000)} s` };
  }
  if (state.state === "restarting" && retryAt > now) {
    return { key: "restarting", words: `restarting in ${seconds(retryAt)} s` };
  }
  return { key: state.state, words: WORDS[state.state] ?? state.state };
}

export class Status {
  #line = byId("state", HTMLElement);
  #announce = byId("announce", HTMLElement);
  #veil = byId("veil", HTMLDivElement);
  /** @type {LinkState} */
  #link = { kind: "connecting" };
  /** @type {State | null} */
  #state = null;
  #retryAt = 0;
  #lastDrawn = -Infinity;
  #since = performance.now();
  #stepsPerS = 0;
  /** @type {number[]} times of the pictures drawn lately */
  #drawn = [];
  #key = "";

  constructor() {
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** ms without a picture while there should be some; what a dead link looks like. */
  get silentMs() {
    const alive = this.#link.kind === "open" && this.#state?.state === "running";
    return alive ? performance.now() - Math.max(this.#lastDrawn, this.#since) : 0;
  }

  /** @param {LinkState} link */
  link(link) {
    this.#link = link;
    this.#since = performance.now();
    this.#tick();
  }

  /** @param {State} state */
  state(state) {
    if (state.state !== this.#state?.state) this.#since = performance.now();
    this.#state = state;
    this.#retryAt = performance.now() + (state.retry_s ?? 0) * 1000;
    this.#network(state);
    this.#tick();
  }

  /** @param {import("./types.js").Epoch} epoch */
  epoch(epoch) {
    this.#stepsPerS = epoch.steps_per_s;
  }

  /** @param {number | null} latencyMs */
  drawn(latencyMs) {
    this.#lastDrawn = performance.now();
    this.#drawn.push(this.#lastDrawn);
    if (latencyMs !== null) say(byId("latency", HTMLElement), delayWords(latencyMs));
  }

  #tick() {
    const now = performance.now();
    // A slow network may take longer than that for one honest step.
    const staleMs = Math.max(STALE_MS, this.#stepsPerS > 0 ? 3000 / this.#stepsPerS : 0);
    const times = { now, silentMs: this.silentMs, staleMs, retryAt: this.#retryAt };
    const { key, words } = standing(this.#link, this.#state, times);
    say(this.#line, words);
    if (key !== this.#key) {
      this.#key = this.#line.dataset.state = document.body.dataset.state = key;
      say(this.#announce, words);
    }
    this.#drawn = this.#drawn.filter((at) => now - at < RATE_MS);
    const painting = key === "running";
    const pictures = this.#drawn.length / (RATE_MS / 1000);
    say(byId("steps", HTMLElement), painting && this.#stepsPerS ? rateWords(this.#stepsPerS) : "–");
    say(byId("pictures", HTMLElement), painting && pictures ? rateWords(pictures) : "–");
    this.#showVeil(key);
  }

  /**
   * What stands in the picture's place while there is none, or over it when it has ended.
   * @param {string} key
   */
  #showVeil(key) {
    const empty = this.#lastDrawn === -Infinity;
    const ended = key === "failed" || key === "stopped";
    this.#veil.hidden = !empty && !ended;
    if (this.#veil.hidden) return;
    const why = this.#link.kind === "stopped" ? this.#link.why : (this.#state?.message ?? "");
    const title = key === "failed" ? "the painter has failed" : (this.#line.textContent ?? "");
    const [heading = this.#veil, text = this.#veil] = this.#veil.children;
    say(heading, key === "running" ? "the first picture is on its way" : title);
    say(text, why);
  }

  /** @param {State} state */
  #network(state) {
    say(byId("device", HTMLElement), state.device || "–");
    const size = state.width && state.height ? `${state.width} × ${state.height}` : "–";
    say(byId("size", HTMLElement), size);
    const network = state.network ?? "";
    say(byId("network", HTMLElement), network ? `${network} · ${state.weights || "–"}` : "–");
    const advice = byId("advice", HTMLElement);
    advice.hidden = network !== "lite";
    if (advice.hidden || advice.childElementCount) return;
    const small = /random/.test(state.weights ?? "")
      ? "A small network whose filters are still random: colour and grain arrive, large strokes hardly."
      : "The small network that comes along.";
    advice.append(
      small, " For the real thing start with ",
      make("code", {}, "--network vgg16"), " or ", make("code", {}, "vgg19"), ".",
    );
  }
}
