// @ts-check
/**
 * A WebSocket that reconnects by itself. The page has two: /ws for controls and status, /frames
 * for pictures, so that a picture never delays a control.
 */

/** ssh accepts a connection even when its far end is dead, ms. */
const CONNECT_MS = 5000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5000;
/** Close code of a server that ends in order. */
const SERVER_ENDS = 1012;

/** Why reconnecting cannot help, by close code: 4000 and the status of HTTP. */
export const FATAL_CODES = new Map([
  [4401, "this page's key does not fit: open the address that styletune printed when it started"],
  [4403, "this link may watch but not play"],
  [4426, "the server is of another version: reload the page"],
]);

/**
 * The delay before the next attempt: 0.5 s × 2ⁿ, ±25 % so that many pages do not return at once.
 * @param {number} attempt from 0
 * @param {number} random in 0..1
 */
export const retryDelayMs = (attempt, random) =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 20) * (0.75 + 0.5 * random));

/**
 * @param {string} path `ws` or `frames`, beside the page wherever a proxy puts it
 * @param {(data: any) => void} onmessage text, or an ArrayBuffer
 * @param {(state: SocketState) => void} onstate
 */
export function makeReconnectingSocket(path, onmessage, onstate) {
  /** @type {WebSocket | null} */
  let current = null;
  let attempt = 0;
  let timer = 0;
  /** The server has ended in order, and is not back yet. */
  let ended = false;
  // A laptop that wakes, a tab that comes to the front: no reason to wait any longer.
  const retryNow = () => document.hidden || !timer || connect();
  for (const type of ["online", "focus", "visibilitychange"]) addEventListener(type, retryNow);
  const isOpen = () => current?.readyState === WebSocket.OPEN;

  function connect() {
    clearTimeout(timer);
    timer = 0;
    onstate({ kind: "connecting" });
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    current = socket;
    let opened = false;
    const timeout = setTimeout(() => socket.close(), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(timeout);
      opened = true;
      ended = false;
      onstate({ kind: "open" });
    };
    socket.onmessage = ({ data }) => {
      // Only a message resets the delay: a socket that closes right after opening is retried ever more slowly.
      attempt = 0;
      if (socket === current) onmessage(data);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(timeout);
      if (socket === current) onLost(code, opened);
    };
  }

  /** @param {number} code @param {boolean} opened */
  async function onLost(code, opened) {
    current = null;
    ended ||= code === SERVER_ENDS;
    // A refusal before the handshake has no close code: a plain request reveals it.
    const why = FATAL_CODES.get(code) ?? (opened ? undefined : await fetchRefusal());
    if (why) return onstate({ kind: "stopped", why });
    if (current) return;
    const delayMs = retryDelayMs(attempt++, Math.random());
    onstate({ kind: "waiting", until: performance.now() + delayMs, ended });
    clearTimeout(timer);
    timer = setTimeout(connect, delayMs);
  }

  return {
    isOpen, connect,
    /** False: not connected. @param {ClientMessage | AckMessage} message */
    send(message) {
      if (isOpen()) current?.send(JSON.stringify(message));
      return isOpen();
    },
    /** Give up a connection that has gone silent; the next attempt follows. */
    reconnect() {
      current?.close(4000, "silent");
      onLost(4000, true);
    },
  };
}

async function fetchRefusal() {
  const signal = AbortSignal.timeout(CONNECT_MS);
  const response = await fetch("api/controls", { cache: "no-store", signal }).catch(() => null);
  return response ? FATAL_CODES.get(response.status + 4000) : undefined;
}
