// @ts-check
/**
 * A socket that comes back by itself. The page has two: /ws for controls and status, /frames
 * for pictures, so that a picture never delays a handle.
 */

/** ssh accepts a connection even when its far end is dead, ms. */
const CONNECT_MS = 5000;
const FIRST_MS = 500;
const MOST_MS = 5000;

/** Why trying again cannot help, by close code: 4000 and the status of HTTP. */
export const STOPS = new Map([
  [4401, "this page's key does not fit: open the address that styletune printed when it started"],
  [4403, "this link may watch but not play"],
  [4426, "the server is of another version: reload the page"],
]);

/**
 * Before the next attempt: 0.5 s × 2ⁿ, ±25 % so that many pages do not return in one breath.
 * @param {number} attempt from 0
 * @param {number} chance in 0..1
 */
export const delayMs = (attempt, chance) =>
  Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 20) * (0.75 + 0.5 * chance));

/**
 * @param {string} path `ws` or `frames`, beside the page wherever a proxy puts it
 * @param {(data: any) => void} hear text, or an ArrayBuffer
 * @param {(state: LinkState) => void} tell
 */
export function makeLink(path, hear, tell) {
  /** @type {WebSocket | null} */
  let current = null;
  let attempt = 0;
  let timer = 0;
  // A laptop that wakes, a tab that comes to the front: no reason to wait any longer.
  const hurry = () => document.hidden || !timer || connect();
  for (const type of ["online", "focus", "visibilitychange"]) addEventListener(type, hurry);
  const open = () => current?.readyState === WebSocket.OPEN;

  function connect() {
    clearTimeout(timer);
    timer = 0;
    tell({ kind: "connecting" });
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    current = socket;
    let opened = false;
    const late = setTimeout(() => socket.close(), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(late);
      opened = true;
      tell({ kind: "open" });
    };
    socket.onmessage = ({ data }) => {
      // Only what speaks has come back: a socket that dies at once is not tried without pause.
      attempt = 0;
      if (socket === current) hear(data);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(late);
      if (socket === current) lost(code, opened);
    };
  }

  /** @param {number} code @param {boolean} opened */
  async function lost(code, opened) {
    current = null;
    // A refusal before the handshake has no close code: ask plainly.
    const why = STOPS.get(code) ?? (opened ? undefined : await refusal());
    if (why) return tell({ kind: "stopped", why });
    if (current) return;
    const wait = delayMs(attempt++, Math.random());
    tell({ kind: "waiting", until: performance.now() + wait });
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
  }

  return {
    open, connect,
    /** False: not connected. @param {object} message */
    send(message) {
      if (open()) current?.send(JSON.stringify(message));
      return open();
    },
    /** Give up a connection that has gone silent; the next attempt follows. */
    drop() {
      current?.close(4000, "silent");
      lost(4000, true);
    },
  };
}

async function refusal() {
  const signal = AbortSignal.timeout(CONNECT_MS);
  const answer = await fetch("api/controls", { cache: "no-store", signal }).catch(() => null);
  return answer ? STOPS.get(answer.status + 4000) : undefined;
}
