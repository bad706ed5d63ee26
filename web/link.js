// @ts-check
/**
 * A socket that comes back by itself. The page has two: /ws for controls and status, /frames
 * for pictures, so that a picture never delays a handle.
 */

import { delayMs } from "./backoff.js";

/** @typedef {import("./types.js").LinkState} LinkState */

/** ssh accepts a connection even when its far end is dead, ms. */
const CONNECT_MS = 5000;

/** Close codes after which trying again cannot help. */
const STOPS = new Map([
  [4401, "this page's key no longer fits: open the address that styletune printed when it started"],
  [4403, "this link may watch but not play"],
  [4426, "the server is of another version: reload the page"],
]);

/**
 * @typedef {object} Ears
 * @property {(data: any) => void} message text, or an ArrayBuffer
 * @property {(state: LinkState) => void} [state]
 */

export class Link {
  /** @type {WebSocket | null} */
  #socket = null;
  #path;
  #ears;
  #attempt = 0;
  #timer = 0;
  #stopped = false;

  /**
   * @param {string} path `ws` or `frames`, beside the page wherever a proxy puts it
   * @param {Ears} ears
   */
  constructor(path, ears) {
    this.#path = path;
    this.#ears = ears;
    // A laptop that wakes, a tab that comes to the front: no reason to wait any longer.
    addEventListener("online", () => this.hurry());
    addEventListener("focus", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes that the network has not taken yet. */
  get backlog() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @param {object} message */
  send(message) {
    if (!this.open) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** Try now if the next attempt is only being waited for. */
  hurry() {
    if (!this.#socket && !this.#stopped && this.#timer) this.connect();
  }

  /** Give up a connection that has gone silent; the next attempt follows. */
  drop() {
    this.#socket?.close(4000, "silent");
    this.#lost(4000, true);
  }

  connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#ears.state?.({ kind: "connecting" });
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    const late = setTimeout(() => socket.close(), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(late);
      opened = true;
      this.#ears.state?.({ kind: "open" });
    };
    socket.onmessage = ({ data }) => {
      // Only what speaks has really come back: an accepted socket that dies at once must
      // not be tried again without pause.
      this.#attempt = 0;
      if (socket === this.#socket) this.#ears.message(data);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(late);
      if (socket === this.#socket) this.#lost(code, opened);
    };
  }

  /**
   * @param {number} code
   * @param {boolean} opened
   */
  async #lost(code, opened) {
    this.#socket = null;
    let why = STOPS.get(code);
    // A refusal before the handshake has no close code: ask plainly.
    if (!opened && !why) why = await refusal();
    if (why) {
      this.#stopped = true;
      this.#ears.state?.({ kind: "stopped", why });
      return;
    }
    if (this.#socket) return;
    const wait = delayMs(this.#attempt++, Math.random());
    this.#ears.state?.({ kind: "waiting", until: performance.now() + wait });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), wait);
  }
}

/** @returns {Promise<string | undefined>} */
async function refusal() {
  try {
    const { status } = await fetch("api/controls", {
      cache: "no-store",
      signal: AbortSignal.timeout(CONNECT_MS),
    });
    return STOPS.get(status + 4000);
  } catch {
    return undefined; // the server is not there: that is what waiting is for
  }
}
