// @ts-check
/**
 * How things stand, in words: the link, the painter, its pace, how long a hand takes to
 * reach the picture, which network on which device, who watches and who plays.
 */

import { byId, say } from "./element.js";
import { restart } from "./trouble.js";
import { delayWords, flowWords, rateWords } from "./words.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").LinkState} LinkState */

const STALE_MS = 2000;
const TICK_MS = 250;
const RATE_MS = 2000;
/** How often a resting page asks how far the server is, ms. */
const PING_MS = 5000;
const ECHOES = 5;

/** @type {Record<string, string>} */
const WORDS = {
  running: "painting",
  compiling: "compiling the network",
  starting: "starting the painter",
  "rolling back": "rolling back to the last good picture",
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

/**
 * Who is here. Pure.
 * @param {number} players
 * @param {number} viewers of pictures, players among them
 * @param {string} last who moved something last
 */
export function company(players, viewers, last) {
  const watching = Math.max(0, viewers - players);
  return [
    `${players || "nobody"} playing`,
    ...(watching ? [`${watching} watching`] : []),
    ...(last ? [`last move: ${last}`] : []),
  ].join(" · ");
}

/** @param {string} id @param {string} words */
const tell = (id, words) => say(byId(id, HTMLElement), words);

export class Status {
  #line = byId("state", HTMLElement);
  #announce = byId("announce", HTMLElement);
  #veil = byId("veil", HTMLDivElement);
  #restart = byId("restart", HTMLButtonElement);
  /** @type {LinkState} */
  #link = { kind: "connecting" };
  /** @type {State | null} */
  #state = null;
  #retryAt = 0;
  #lastDrawn = -Infinity;
  #since = performance.now();
  #stepsPerS = 0;
  /** @type {[at: number, bytes: number][]} the pictures drawn lately */
  #drawn = [];
  #bytes = 0;
  #pinged = -Infinity;
  /** @type {number[]} ms, the latest */
  #echoes = [];
  #key = "";
  #players = 0;
  #last = "";

  constructor() {
    setInterval(() => this.#tick(), TICK_MS);
    this.#restart.addEventListener("click", async () => {
      this.#restart.disabled = true;
      await restart();
      this.#restart.disabled = false;
    });
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
    this.#company();
    this.#tick();
  }

  /** @param {import("./types.js").Snapshot} snapshot */
  snapshot({ role = "player", players, clients }) {
    document.body.dataset.role = role;
    byId("role", HTMLElement).hidden = role !== "viewer";
    this.#players = players ?? clients;
    this.#company();
  }

  /** @param {string} who moved something */
  moved(who) {
    if (who === this.#last) return;
    this.#last = who;
    this.#company();
  }

  /** @param {import("./types.js").Epoch} epoch */
  epoch(epoch) {
    this.#stepsPerS = epoch.steps_per_s;
  }

  /** @param {number} bytes of a picture that came in */
  came(bytes) {
    this.#bytes += bytes;
  }

  /** @param {number | null} latencyMs */
  drawn(latencyMs) {
    this.#lastDrawn = performance.now();
    this.#drawn.push([this.#lastDrawn, this.#bytes]);
    this.#bytes = 0;
    if (latencyMs !== null) tell("latency", delayWords(latencyMs));
  }

  /** @param {number} ms from a message to its answer */
  echo(ms) {
    this.#pinged = performance.now();
    // The smallest of the latest: a busy moment here or there says nothing about the way.
    this.#echoes = [...this.#echoes.slice(1 - ECHOES), ms];
    tell("link", delayWords(Math.min(...this.#echoes)));
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
    this.#pace(now, key === "running");
    this.#showVeil(key);
    if (this.#link.kind !== "open") tell("link", "–");
    else if (!document.hidden && now - this.#pinged > PING_MS) this.#ping(now);
  }

  /** @param {number} now @param {boolean} painting */
  #pace(now, painting) {
    this.#drawn = this.#drawn.filter(([at]) => now - at < RATE_MS);
    const seconds = RATE_MS / 1000;
    const pictures = this.#drawn.length / seconds;
    const bytes = this.#drawn.reduce((sum, [, size]) => sum + size, 0);
    tell("steps", painting && this.#stepsPerS ? rateWords(this.#stepsPerS) : "–");
    tell("pictures", painting && pictures ? rateWords(pictures) : "–");
    tell("flow", painting && pictures ? flowWords(bytes / seconds) : "–");
  }

  /** How far the server is, while no hand asks: the smallest answer that it gives.
   * @param {number} now
   */
  async #ping(now) {
    this.#pinged = now;
    try {
      await (await fetch("/healthz", { cache: "no-store" })).arrayBuffer();
      if (this.#pinged === now) this.echo(performance.now() - now);
    } catch {
      // the socket notices by itself
    }
  }

  /**
   * What stands in the picture's place while there is none, or over it when it has ended.
   * @param {string} key
   */
  #showVeil(key) {
    const empty = this.#lastDrawn === -Infinity;
    const failed = key === "failed";
    this.#veil.hidden = !empty && !failed && key !== "stopped";
    if (this.#veil.hidden) return;
    const why = this.#link.kind === "stopped" ? this.#link.why : (this.#state?.message ?? "");
    const title = failed ? "the painter has failed" : (this.#line.textContent ?? "");
    tell("veil-title", key === "running" ? "the first picture is on its way" : title);
    tell("veil-why", why);
    this.#restart.hidden = !failed || document.body.dataset.role === "viewer";
    const log = failed ? (this.#state?.log ?? []).join("\n") : "";
    byId("veil-log", HTMLDetailsElement).hidden = !log;
    tell("veil-lines", log);
  }

  /** @param {State} state */
  #network(state) {
    tell("device", state.device || "–");
    tell("painted-size", state.width && state.height ? `${state.width} × ${state.height} px` : "–");
    tell("memory", state.memory_mb ? `${Math.round(state.memory_mb)} MB` : "–");
    const network = state.network ?? "";
    tell("network", network ? `${network} · ${state.weights || "–"}` : "–");
    byId("advice", HTMLElement).hidden = network !== "lite";
  }

  #company() {
    tell("company", company(this.#players, this.#state?.viewers ?? 0, this.#last));
  }
}
