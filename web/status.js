// @ts-check
/**
 * How things stand, in words: the link, the painter, its pace, how long a hand takes to
 * reach the picture, which network on which device, who watches and who plays.
 */

import { ask } from "./http.js";
import { byId, say } from "./dom.js";
import { notice } from "./notices.js";
import { delayWords, flowWords, rateWords } from "./format.js";

const STALE_MS = 2000;
const TICK_MS = 250;
const RATE_MS = 2000;
/** How often a resting page asks how far the server is. */
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
 * What the state line says: `key` holds still while `words` count down. Pure.
 * @param {LinkState} link
 * @param {State | null} state
 * @param {{now: number, silentMs: number, staleMs: number, retryAt: number}} times ms
 * @returns {{key: string, words: string}}
 */
export function standing(link, state, { now, silentMs, staleMs, retryAt }) {
  const seconds = (/** @type {number} */ until) => `in ${Math.max(1, Math.ceil((until - now) / 1000))} s`;
  if (link.kind === "stopped") return { key: "stopped", words: "not connected" };
  if (link.kind === "waiting") return { key: "reconnecting", words: `reconnecting ${seconds(link.until)}` };
  if (link.kind === "connecting" || !state) return { key: "connecting", words: "connecting" };
  if (state.state === "running" && silentMs > staleMs) {
    return { key: "stale", words: `no picture for ${Math.floor(silentMs / 1000)} s` };
  }
  if (state.state === "restarting" && retryAt > now) return { key: "restarting", words: `restarting ${seconds(retryAt)}` };
  return { key: state.state, words: WORDS[state.state] ?? state.state };
}

/** Who is here. @param {number} players @param {number} viewers players among them @param {string} last who moved something last */
export function company(players, viewers, last) {
  const watching = Math.max(0, viewers - players);
  const words = [`${players || "nobody"} playing`];
  if (watching) words.push(`${watching} watching`);
  if (last) words.push(`last move: ${last}`);
  return words.join(" · ");
}

/** @param {string} id @param {string | number | false | null | undefined} words none: a dash */
const put = (id, words) => say(byId(id), String(words || "–"));

export function makeStatus() {
  const line = byId("state");
  /** @type {LinkState} */
  let connection = { kind: "connecting" };
  /** @type {State | null} */
  let painter = null;
  let retryAt = 0;
  let lastDrawn = -Infinity;
  let since = performance.now();
  let stepsPerS = 0;
  /** @type {[at: number, bytes: number][]} the pictures drawn lately */
  let frames = [];
  let pinged = -Infinity;
  /** @type {number[]} ms, the latest */
  let echoes = [];
  let playing = 0;
  let last = "";
  const restart = byId("restart", HTMLButtonElement);
  restart.onclick = async () => {
    restart.disabled = true;
    await ask("api/restart", { method: "POST" }).catch(({ message }) => notice(`the painter was not restarted: ${message}`));
    restart.disabled = false;
  };
  setInterval(tick, TICK_MS);
  tick();

  /** ms without a picture while there should be some; what a dead link looks like. */
  function silentMs() {
    const alive = connection.kind === "open" && painter?.state === "running";
    return alive ? performance.now() - Math.max(lastDrawn, since) : 0;
  }

  function tick() {
    const now = performance.now();
    // A slow network may take longer than that for one honest step.
    const staleMs = Math.max(STALE_MS, stepsPerS > 0 ? 3000 / stepsPerS : 0);
    const { key, words } = standing(connection, painter, { now, silentMs: silentMs(), staleMs, retryAt });
    say(line, words);
    put("company", company(playing, painter?.viewers ?? 0, last));
    if (key !== document.body.dataset.state) {
      line.dataset.state = document.body.dataset.state = key;
      say(byId("announce"), words);
    }
    showPace(now, key === "running");
    showVeil(key, words);
    if (connection.kind !== "open") put("link", null);
    else if (!document.hidden && now - pinged > PING_MS) ping(now);
  }

  /** @param {number} now @param {boolean} painting */
  function showPace(now, painting) {
    frames = frames.filter(([at]) => now - at < RATE_MS);
    const perS = (/** @type {number} */ sum) => (sum * 1000) / RATE_MS;
    const pictures = painting && frames.length;
    put("steps", painting && stepsPerS > 0 && rateWords(stepsPerS));
    put("pictures", pictures && rateWords(perS(pictures)));
    put("flow", pictures && flowWords(perS(frames.reduce((sum, [, bytes]) => sum + bytes, 0))));
  }

  /** @param {number} ms from a message to its answer */
  function echo(ms) {
    pinged = performance.now();
    // The smallest of the latest: a busy moment here or there says nothing about the way.
    echoes = [...echoes.slice(1 - ECHOES), ms];
    put("link", delayWords(Math.min(...echoes)));
  }

  /** How far the server is, while no hand asks: the smallest answer that it gives. @param {number} now */
  async function ping(now) {
    pinged = now;
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer && pinged === now) echo(performance.now() - now);
  }

  /** What stands in the picture's place while there is none, or over it when it has ended. @param {string} key @param {string} words */
  function showVeil(key, words) {
    const veil = byId("veil");
    const failed = key === "failed";
    veil.hidden = lastDrawn > -Infinity && !failed && key !== "stopped";
    if (veil.hidden) return;
    const titles = { failed: "the painter has failed", running: "the first picture is on its way" };
    say(byId("veil-title"), titles[/** @type {"failed"} */ (key)] ?? words);
    say(byId("veil-why"), (connection.kind === "stopped" ? connection.why : painter?.message) ?? "");
    restart.hidden = !failed || document.body.dataset.role === "viewer";
    const log = failed ? (painter?.log ?? []).join("\n") : "";
    byId("veil-log").hidden = !log;
    say(byId("veil-lines"), log);
  }

  return {
    silentMs, echo,

    /** @param {LinkState} state */
    link(state) {
      connection = state;
      since = performance.now();
      tick();
    },

    /** @param {State} state */
    state(state) {
      if (state.state !== painter?.state) since = performance.now();
      painter = state;
      retryAt = performance.now() + (state.retry_s ?? 0) * 1000;
      const { network, width, height, memory_mb } = state;
      put("device", state.device);
      put("painted-size", width && height && `${width} × ${height} px`);
      put("memory", memory_mb && `${Math.round(memory_mb)} MB`);
      put("network", network && `${network} · ${state.weights || "–"}`);
      byId("advice").hidden = network !== "lite";
      tick();
    },

    /** @param {Snapshot} snapshot */
    snapshot({ role = "player", players, clients }) {
      document.body.dataset.role = role;
      byId("role").hidden = role !== "viewer";
      playing = players ?? clients;
    },

    /** @param {string} who moved something */
    moved: (who) => (last = who),

    /** @param {Epoch} epoch */
    epoch: ({ steps_per_s }) => (stepsPerS = steps_per_s),

    /** @param {number} bytes of the picture @param {number | null} latencyMs */
    drawn(bytes, latencyMs) {
      lastDrawn = performance.now();
      frames.push([lastDrawn, bytes]);
      if (latencyMs !== null) put("latency", delayWords(latencyMs));
    },
  };
}
