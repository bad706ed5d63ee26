// @ts-check
/**
 * Sends the newest value of each fader some sixty times a second, thirty where more move than two
 * hands have. Keys are never merged, turns of encoders add up. Pure: time comes in, ms. As
 * styletune/midi_agent/throttle.py, and a test there compares them.
 */

export const PERIOD_MS = 16;
export const MAX_HANDS = 4;
/** Within that the second byte of a 14-bit pair follows the first. */
const PAIR_MS = 2;
/** Without a byte for so long, the next one begins a gesture. */
const REST_MS = 5;
/** (N)RPN: only all of them in order mean anything. */
const PARAMETER_NUMBERS = new Set([6, 38, 96, 97, 98, 99, 100, 101]);

/** Endless encoders: value → steps, steps → value. @type {Record<string, [decode: (value: number) => number, encode: (steps: number) => number]>} */
const RELATIVE = {
  signed_bit: [(v) => (v <= 64 ? v : 64 - v), (s) => (s >= 0 ? s : 64 - s)],
  signed_bit_2: [(v) => (v <= 64 ? -v : v - 64), (s) => (s <= 0 ? -s : 64 + s)],
  bin_offset: [(v) => v - 64, (s) => 64 + s],
  twos_complement: [(v) => (v <= 64 ? v : v - 128), (s) => (s + 128) % 128],
};

/** The next tick: messages of several controls go out together. @param {number} after @param {number} periodMs */
const nextTick = (after, periodMs) => (Math.floor(after / periodMs + 1e-3) + 1) * periodMs;

/**
 * @typedef {object} Pending what of one control is to be sent
 * @property {number} at
 * @property {number[][]} messages in order; of a fader the newest only
 * @property {number[]} [half] first byte of a pair whose second has not come
 * @property {number} [steps] of an endless encoder
 * @property {string} [encoding]
 */

/** @param {readonly number[]} data a control change, a key or a bend */
function sourceOf([status = 0, number = 0]) {
  const kind = { 0xb: "CC", 0x9: "note", 0x8: "note" }[status >> 4];
  return `ch ${(status & 0x0f) + 1} ` + (kind ? `${kind} ${number}` : "bend");
}

/**
 * Which byte of its 14-bit values a device sends first, as the beginning of a gesture shows:
 * undefined is not known yet. Within a gesture each byte is followed by the other soon.
 */
function makePairOrder() {
  let lastAt = -Infinity;
  /** @type {boolean | undefined} */
  let beganLow;
  /** @type {boolean | undefined} */
  let lowFirst;
  /** Take note of a byte that has come. @param {boolean} low @param {number} now */
  return (low, now) => {
    if (now - lastAt > REST_MS) beganLow = low;
    else if (beganLow !== undefined) {
      if (low !== beganLow) lowFirst = beganLow;
      if (low || beganLow) beganLow = undefined;
    }
    lastAt = now;
    return lowFirst;
  };
}

export function makeMidiThrottle() {
  let periodMs = PERIOD_MS;
  /** By source; until the bindings have come, everything is sent. @type {Map<string, string> | null} */
  let encodings = null;
  /** By source, or by a number of its own for what is never merged. @type {Map<string | number, Pending>} */
  const queue = new Map();
  /** When each source was sent last. @type {Map<string, number>} */
  const sentAt = new Map();
  /** @type {Map<string, ReturnType<typeof makePairOrder>>} */
  const orders = new Map();
  let unmerged = 0;

  /** How to merge a message; `low` is the second half of a pair. @param {number[]} data @returns {string} */
  function encodingOf([status = 0, number = 0]) {
    const kind = status >> 4;
    if (!encodings || throttle.learning || (kind !== 0xb && kind !== 0xe)) return "button";
    if (kind === 0xe) return "absolute";
    const encoding = encodings.get(sourceOf([status, number]));
    if (encoding || PARAMETER_NUMBERS.has(number)) return encoding ?? "button";
    return encodings.get(sourceOf([status, number - 32])) === "fine" ? "low" : "absolute";
  }

  const throttle = {
    /** While something is learnt every message counts. */
    learning: false,

    /** @param {readonly {source: string, encoding: string}[]} bindings */
    setBindings: (bindings) => (encodings = new Map(bindings.map(({ source, encoding }) => [source, encoding]))),

    /** @param {number[]} data one whole message @param {number} now */
    add(data, now) {
      const [status = 0, number = 0, value = 0] = data;
      const encoding = encodingOf(data);
      const source = sourceOf([status, encoding === "low" ? number - 32 : number]);
      const freeAt = nextTick(sentAt.get(source) ?? -Infinity, periodMs);
      const pending = queue.get(source);
      const addUnmerged = () => queue.set(++unmerged, { at: now, messages: [data] });
      const relative = RELATIVE[encoding];
      if (encoding === "button") addUnmerged();
      else if (relative) {
        const [decode] = relative;
        const steps = (pending?.steps ?? 0) + decode(value);
        queue.set(source, { at: pending?.at ?? Math.max(freeAt, now), messages: [data], steps, encoding });
      } else if (encoding === "fine" || encoding === "low") {
        const pair = pending ?? { at: Math.max(freeAt + periodMs, now + PAIR_MS), messages: [] };
        queue.set(source, pair);
        const low = encoding === "low";
        if (!orders.has(source)) orders.set(source, makePairOrder());
        const lowFirst = orders.get(source)?.(low, now);
        if (lowFirst === undefined || low === lowFirst) pair.half = data;
        else {
          pair.messages = [...(pair.half ? [pair.half] : pair.messages.slice(0, -1)), data];
          delete pair.half;
        }
      } else if (pending) pending.messages = [data];
      else if (freeAt > now) queue.set(source, { at: freeAt, messages: [data] });
      else {
        // The first after a rest is sent in any case: that is where a fader is picked up.
        addUnmerged();
        sentAt.set(source, now);
      }
    },

    /** The messages that are due, in order. @param {number} now @returns {number[][]} */
    takeDue(now) {
      const due = [];
      const ready = [...queue].filter(([, { at }]) => at <= now);
      const moving = ready.filter(([key]) => typeof key === "string").length;
      if (moving) periodMs = PERIOD_MS * (moving > MAX_HANDS ? 2 : 1);
      for (const [key, pending] of ready) {
        const { messages, half, steps = 0, encoding = "" } = pending;
        queue.delete(key);
        if (typeof key === "string") sentAt.set(key, now);
        const relative = RELATIVE[encoding];
        if (relative) {
          const [, encode] = relative;
          const part = Math.max(-63, Math.min(63, steps));
          if (part) due.push([...(messages[0] ?? []).slice(0, 2), encode(part)]);
          if (part !== steps) queue.set(key, { ...pending, at: nextTick(now, periodMs), steps: steps - part });
          continue;
        }
        if (half && messages.length) queue.set(key, { at: now + 2 * periodMs, messages: [], half });
        else if (half) due.push(half);
        due.push(...messages);
      }
      return due;
    },

    /** When the next message is due; Infinity: none waits. */
    nextDue: () => Math.min(...[...queue.values()].map(({ at }) => at)),
  };
  return throttle;
}
