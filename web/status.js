// @ts-check
/**
 * The status of everything: connection, worker, its rates, the latency from hand to picture,
 * network and device, players and viewers.
 */

import { byId, setText } from "./dom.js";
import { formatBandwidth, formatDelay, formatRate } from "./format.js";
import { request } from "./http.js";
import { showNotice } from "./notices.js";

const STALE_MS = 2000;
const UPDATE_MS = 250;
const RATE_WINDOW_MS = 2000;
/** Interval of pings while nobody moves a control. */
const PING_MS = 5000;
const ROUND_TRIPS = 5;
/** A shorter interruption needs no explanation, ms. */
const LOST_MS = 3000;
/** The latency from hand to picture: of a move that long ago it is old, beyond that it is slow, ms. */
const OLD_MS = 5000;
const SLOW_MS = 500;

/** States of the worker as the page shows them; others are shown as they are. @type {Record<string, string>} */
const STATE_TEXTS = {
  running: "painting",
  compiling: "compiling the network",
  starting: "starting the painter",
  "rolling back": "rolling back to the last good picture",
};
const STARTING_WHY = "importing Keras and its backend, which takes some seconds";

/** What a look runs on, without its version. @param {string} label */
const engineName = (label) => label.replace(/ \d.*/, "");

/**
 * The state line: `key` stays the same while `text` counts down. Pure.
 * @param {SocketState} socket
 * @param {StateMessage | null} worker
 * @param {{now: number, silentMs: number, staleMs: number, retryAt: number}} times ms
 * @returns {{key: string, text: string}}
 */
export function connectionState(socket, worker, { now, silentMs, staleMs, retryAt }) {
  const seconds = (/** @type {number} */ until) => `in ${Math.max(1, Math.ceil((until - now) / 1000))} s`;
  if (socket.kind === "stopped") return { key: "stopped", text: "not connected" };
  if (socket.kind === "waiting") return { key: "reconnecting", text: `reconnecting ${seconds(socket.until)}` };
  if (socket.kind === "connecting" || !worker) return { key: "connecting", text: "connecting" };
  if (worker.state === "running" && silentMs > staleMs) {
    return { key: "stale", text: `no picture for ${Math.floor(silentMs / 1000)} s` };
  }
  if (worker.state === "restarting" && retryAt > now) return { key: "restarting", text: `restarting ${seconds(retryAt)}` };
  if (worker.live && worker.state === "running") return { key: "running", text: `live by ${worker.look} on ${engineName(worker.live)}` };
  return { key: worker.state, text: STATE_TEXTS[worker.state] ?? worker.state };
}

/**
 * Why a server that was there sends nothing, and what to do about it; null: too early to know. Pure.
 * @param {boolean} ended in order
 * @param {number} lostMs since when
 * @returns {[title: string, why: string] | null}
 */
export function lostText(ended, lostMs) {
  if (ended) return ["the server was stopped", "Start it again with the same command and --resume: the session goes on where it was."];
  if (lostMs < LOST_MS) return null;
  return ["the server does not answer", "The network or a tunnel has gone, or the server with all it had: then start it again with --resume. This page comes back by itself."];
}

/** Who is here. @param {number} players @param {number} viewers players among them @param {string} last source of the last move */
export function audienceText(players, viewers, last) {
  const watching = Math.max(0, viewers - players);
  const parts = [`${players || "nobody"} playing`];
  if (watching) parts.push(`${watching} watching`);
  if (last) parts.push(`last move: ${last}`);
  return parts.join(" · ");
}

/** What cannot be saved, by the server or by the worker that paints on. @param {Pick<StateMessage, "state" | "message" | "not_kept">} worker */
export function notKeptText({ state, message, not_kept }) {
  return [...(not_kept ?? []), state === "running" ? message : ""].filter(Boolean).join(" · ");
}

/** @param {string} id @param {string | number | false | null | undefined} text none: a dash */
const show = (id, text) => setText(byId(id), String(text || "–"));

export function makeStatus() {
  const line = byId("state");
  /** @type {SocketState} */
  let socket = { kind: "connecting" };
  /** @type {StateMessage | null} */
  let worker = null;
  let retryAt = 0;
  let lostAt = Infinity;
  let ended = false;
  let measuredAt = Infinity;
  let lastDrawn = -Infinity;
  let painted = false;
  /** Since when pictures are due: the socket or the worker changed its state. */
  let since = performance.now();
  let stepsPerS = 0;
  /** @type {[at: number, bytes: number][]} pictures drawn within the window */
  let frames = [];
  let pingedAt = -Infinity;
  /** @type {number[]} ms, the latest */
  let roundTrips = [];
  let lastSource = "";
  const restart = byId("restart", HTMLButtonElement);
  restart.onclick = async () => {
    restart.disabled = true;
    await request("api/restart", { method: "POST" }).catch(({ message }) => showNotice(`the painter was not restarted: ${message}`));
    restart.disabled = false;
  };
  setInterval(update, UPDATE_MS);
  update();

  /** How long no picture has come although some should, ms: the sign of a dead connection. */
  function silentMs() {
    const expected = socket.kind === "open" && worker?.state === "running";
    return expected ? performance.now() - Math.max(lastDrawn, since) : 0;
  }

  function update() {
    const now = performance.now();
    // A slow network may take longer than that for a single step.
    const staleMs = Math.max(STALE_MS, stepsPerS > 0 ? 3000 / stepsPerS : 0);
    const { key, text } = connectionState(socket, worker, { now, silentMs: silentMs(), staleMs, retryAt });
    setText(line, text);
    show("audience-text", audienceText(worker?.players ?? 0, worker?.viewers ?? 0, lastSource));
    if (key !== document.body.dataset.state) {
      line.dataset.state = document.body.dataset.state = key;
      setText(byId("announce"), text);
    }
    showRates(now, key === "running");
    byId("latency").classList.toggle("old", now - measuredAt > OLD_MS);
    showOverlay(key, text, worker && lostAt < now ? lostText(ended, now - lostAt) : null);
    if (socket.kind !== "open") show("link", null);
    else if (!document.hidden && now - pingedAt > PING_MS) ping(now);
  }

  /** @param {number} now @param {boolean} painting */
  function showRates(now, painting) {
    frames = frames.filter(([at]) => now - at < RATE_WINDOW_MS);
    const perS = (/** @type {number} */ sum) => (sum * 1000) / RATE_WINDOW_MS;
    const pictures = painting && frames.length;
    show("steps", painting && stepsPerS > 0 && formatRate(stepsPerS) + (worker?.live ? " pictures" : ""));
    show("pictures", pictures && formatRate(perS(pictures)));
    show("flow", pictures && formatBandwidth(perS(frames.reduce((sum, [, bytes]) => sum + bytes, 0))));
  }

  /** @param {number} ms from a message to its answer */
  function addRoundTrip(ms) {
    pingedAt = performance.now();
    // The smallest of the latest: a busy moment at either end is no property of the connection.
    roundTrips = [...roundTrips.slice(1 - ROUND_TRIPS), ms];
    show("link", formatDelay(Math.min(...roundTrips)));
  }

  /** Measure the round trip while no move does, by the server's smallest answer. @param {number} now */
  async function ping(now) {
    pingedAt = now;
    const response = await fetch("healthz", { cache: "no-store" }).catch(() => null);
    await response?.arrayBuffer();
    if (response && pingedAt === now) addRoundTrip(performance.now() - now);
  }

  /** What is being done until the first step is seen; and why painting has ended. @param {string} key @param {string} text @param {ReturnType<typeof lostText>} lost */
  function showOverlay(key, text, lost) {
    const overlay = byId("overlay");
    const failed = key === "failed";
    overlay.hidden = painted && !failed && key !== "stopped" && !lost;
    if (overlay.hidden) return;
    const titles = { failed: "the painter has failed", running: "the first picture is on its way" };
    setText(byId("overlay-title"), lost?.[0] ?? titles[/** @type {"failed"} */ (key)] ?? text);
    setText(byId("overlay-why"), lost ? lost[1] : socket.kind === "stopped" ? socket.why : worker?.message || (key === "starting" ? STARTING_WHY : ""));
    restart.hidden = !failed || document.body.dataset.role === "viewer";
    const log = failed ? (worker?.log ?? []).join("\n") : "";
    byId("overlay-log").hidden = !log;
    setText(byId("overlay-lines"), log);
  }

  return {
    silentMs, addRoundTrip,

    /** @param {SocketState} state of the control socket */
    setSocket(state) {
      socket = state;
      lostAt = state.kind === "open" ? Infinity : Math.min(lostAt, performance.now());
      if (state.kind === "waiting") ended = state.ended ?? false;
      since = performance.now();
      update();
    },

    /** @param {StateMessage} state */
    setWorker(state) {
      if (state.state !== worker?.state) since = performance.now();
      worker = state;
      retryAt = performance.now() + (state.retry_s ?? 0) * 1000;
      const { network, width, height, memory_mb } = state;
      show("device", state.live || state.device);
      show("painted-size", width && height && `${width} × ${height} px`);
      show("memory", memory_mb && `${Math.round(memory_mb)} MB`);
      show("network", network && `${network} · ${state.weights || "–"}`);
      byId("advice").hidden = network !== "lite";
      const notKept = notKeptText(state);
      setText(byId("not-kept"), notKept);
      byId("not-kept").hidden = !notKept;
      update();
    },

    /** @param {SnapshotMessage} snapshot */
    setClients(snapshot) {
      document.body.dataset.role = snapshot.role;
      byId("role").hidden = snapshot.role !== "viewer";
    },

    /** @param {string} source of a move, as text */
    setLastSource: (source) => (lastSource = source),

    /** @param {EpochMessage} epoch */
    setRate: ({ steps_per_s }) => (stepsPerS = steps_per_s),

    /** @param {number} bytes of the picture @param {number | null} latencyMs of the latest moves, where this picture shows one @param {boolean} isPainted and no longer the first picture */
    addFrame(bytes, latencyMs, isPainted) {
      painted = isPainted;
      lastDrawn = performance.now();
      frames.push([lastDrawn, bytes]);
      if (latencyMs === null) return;
      measuredAt = lastDrawn;
      show("latency", formatDelay(latencyMs));
      byId("latency").classList.toggle("slow", latencyMs > SLOW_MS);
    },
  };
}
