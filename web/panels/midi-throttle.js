// @ts-check
/**
 * Limits how much of a controller's messages is sent: the newest value of each fader, some sixty
 * times a second, and always the last. Keys are never merged, turns of endless encoders add up.
 * Pure: time comes in, ms. The agent's counterpart is styletune/midi_agent/throttle.py.
 */

const PERIOD_MS = 16;
/** Within that the low byte of a 14-bit pair follows the high one. */
const PAIR_MS = 2;
/** (N)RPN: only all of them in order mean anything. */
const PARAMETER_NUMBERS = new Set([6, 38, 96, 97, 98, 99, 100, 101]);

/** Endless encoders: value → steps, steps → value. @type {Record<string, [decode: (value: number) => number, encode: (steps: number) => number]>} */
const RELATIVE = {
  signed_bit: [(v) => (v <= 64 ? v : 64 - v), (s) => (s >= 0 ? s : 64 - s)],
  signed_bit_2: [(v) => (v <= 64 ? -v : v - 64), (s) => (s <= 0 ? -s : 64 + s)],
  bin_offset: [(v) => v - 64, (s) => 64 + s],
  twos_complement: [(v) => (v <= 64 ? v : v - 128), (s) => (s + 128) % 128],
};

/** The next tick: messages of several controls go out together. @param {number} after */
const nextTick = (after) => (Math.floor(after / PERIOD_MS) + 1) * PERIOD_MS;

/**
 * @typedef {object} Pending what of one control is to be sent
 * @property {number} at
 * @property {number[][]} messages in order; of a fader the newest only
 * @property {number[]} [high] high byte of a pair whose low one has not come
 * @property {number} [steps] of an endless encoder
 * @property {string} [encoding]
 */

/** @param {readonly number[]} data a control change, a key or a bend */
function sourceOf([status = 0, number = 0]) {
  const kind = { 0xb: "CC", 0x9: "note", 0x8: "note" }[status >> 4];
  return `ch ${(status & 0x0f) + 1} ` + (kind ? `${kind} ${number}` : "bend");
}

export function makeMidiThrottle() {
  /** By source; until the bindings have come, everything is sent. @type {Map<string, string> | null} */
  let encodings = null;
  /** By source, or by a number of its own for what is never merged. @type {Map<string | number, Pending>} */
  const queue = new Map();
  /** When each source was sent last. @type {Map<string, number>} */
  const sentAt = new Map();
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
      const freeAt = nextTick(sentAt.get(source) ?? -Infinity);
      const pending = queue.get(source);
      const addUnmerged = () => queue.set(++unmerged, { at: now, messages: [data] });
      const relative = RELATIVE[encoding];
      if (encoding === "button") addUnmerged();
      else if (relative) {
        const [decode] = relative;
        const steps = (pending?.steps ?? 0) + decode(value);
        queue.set(source, { at: pending?.at ?? Math.max(freeAt, now), messages: [data], steps, encoding });
      } else if (encoding === "fine" || encoding === "low") {
        const pair = pending ?? { at: Math.max(freeAt + PERIOD_MS, now + PAIR_MS), messages: [] };
        queue.set(source, pair);
        if (encoding === "fine") pair.high = data;
        else {
          pair.messages = [...(pair.high ? [pair.high] : pair.messages.slice(0, -1)), data];
          delete pair.high;
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
      for (const [key, pending] of [...queue]) {
        const { at, messages, high, steps = 0, encoding = "" } = pending;
        if (at > now) continue;
        queue.delete(key);
        if (typeof key === "string") sentAt.set(key, now);
        const relative = RELATIVE[encoding];
        if (relative) {
          const [, encode] = relative;
          const part = Math.max(-63, Math.min(63, steps));
          if (part) due.push([...(messages[0] ?? []).slice(0, 2), encode(part)]);
          if (part !== steps) queue.set(key, { ...pending, at: nextTick(now), steps: steps - part });
          continue;
        }
        if (high && messages.length) queue.set(key, { at: now + 2 * PERIOD_MS, messages: [], high });
        else if (high) due.push(high);
        due.push(...messages);
      }
      return due;
    },

    /** When the next message is due; Infinity: none waits. */
    nextDue: () => Math.min(...[...queue.values()].map(({ at }) => at)),
  };
  return throttle;
}
