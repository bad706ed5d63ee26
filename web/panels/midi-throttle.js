// @ts-check
/**
 * How much of a controller's messages is worth sending: of each control that stands somewhere the
 * newest value, some sixty times a second, and always the last. Keys are never merged, turns add
 * up. What a control is, `bindings` say; until they have come, and while something is learnt, all
 * goes out. Pure: time comes in, ms. The agent's twin: styletune/midi_agent/throttle.py.
 */

const PERIOD = 16;
const PAIR = 2;
/** (N)RPN: only all in order mean anything. */
const PARAMETER = new Set([6, 38, 96, 97, 98, 99, 100, 101]);

/** Endless encoders, read and written. @type {Record<string, [(value: number) => number, (steps: number) => number]>} */
const TURNS = {
  signed_bit: [(v) => (v <= 64 ? v : 64 - v), (s) => (s >= 0 ? s : 64 - s)],
  signed_bit_2: [(v) => (v <= 64 ? -v : v - 64), (s) => (s <= 0 ? -s : 64 + s)],
  bin_offset: [(v) => v - 64, (s) => 64 + s],
  twos_complement: [(v) => (v <= 64 ? v : v - 128), (s) => (s + 128) % 128],
};

/** Controls go out together, in one message. @param {number} after */
const tick = (after) => (Math.floor(after / PERIOD) + 1) * PERIOD;

/** @typedef {{at: number, messages: number[][], high?: number[], steps?: number, encoding?: string}} Waiting */

/** @param {readonly number[]} data a control change, a key or a bend */
function sourceOf([status = 0, number = 0]) {
  const kind = { 0xb: "CC", 0x9: "note", 0x8: "note" }[status >> 4];
  return `ch ${(status & 0x0f) + 1} ` + (kind ? `${kind} ${number}` : "bend");
}

export function makeThinner() {
  /** @type {Map<string, string> | null} encoding by source */
  let encodings = null;
  /** @type {Map<string | number, Waiting>} by source, or by a number of its own */
  const queue = new Map();
  /** @type {Map<string, number>} */
  const sent = new Map();
  let keys = 0;

  /** @param {number[]} data @returns {string} `low`: the second half of a fine one */
  function encodingOf([status = 0, number = 0]) {
    const kind = status >> 4;
    if (!encodings || thinner.learning || (kind !== 0xb && kind !== 0xe)) return "button";
    if (kind === 0xe) return "absolute";
    const encoding = encodings.get(sourceOf([status, number]));
    if (encoding || PARAMETER.has(number)) return encoding ?? "button";
    return encodings.get(sourceOf([status, number - 32])) === "fine" ? "low" : "absolute";
  }

  const thinner = {
    learning: false,

    /** @param {readonly {source: string, encoding: string}[]} bindings */
    know: (bindings) => (encodings = new Map(bindings.map(({ source, encoding }) => [source, encoding]))),

    /** @param {number[]} data one whole message @param {number} now */
    feed(data, now) {
      const [status = 0, number = 0, value = 0] = data;
      const encoding = encodingOf(data);
      const source = sourceOf([status, encoding === "low" ? number - 32 : number]);
      const free = tick(sent.get(source) ?? -Infinity);
      const waiting = queue.get(source);
      const alone = () => queue.set(++keys, { at: now, messages: [data] });
      const turns = TURNS[encoding];
      if (encoding === "button") alone();
      else if (turns) {
        const steps = (waiting?.steps ?? 0) + turns[0](value);
        queue.set(source, { at: waiting?.at ?? Math.max(free, now), messages: [data], steps, encoding });
      } else if (encoding === "fine" || encoding === "low") {
        const pair = waiting ?? { at: Math.max(free + PERIOD, now + PAIR), messages: [] };
        queue.set(source, pair);
        if (encoding === "fine") pair.high = data;
        else {
          pair.messages = [...(pair.high ? [pair.high] : pair.messages.slice(0, -1)), data];
          delete pair.high;
        }
      } else if (waiting) waiting.messages = [data];
      else if (free > now) queue.set(source, { at: free, messages: [data] });
      else {
        // The first after a rest goes out: there a fader is picked up.
        alone();
        sent.set(source, now);
      }
    },

    /** What is to be sent now, in order. @param {number} now @returns {number[][]} */
    take(now) {
      const out = [];
      for (const [key, waiting] of [...queue]) {
        const { at, messages, high, steps = 0, encoding = "" } = waiting;
        if (at > now) continue;
        queue.delete(key);
        if (typeof key === "string") sent.set(key, now);
        const turns = TURNS[encoding];
        if (turns) {
          const most = Math.max(-63, Math.min(63, steps));
          if (most) out.push([...(messages[0] ?? []).slice(0, 2), turns[1](most)]);
          if (most !== steps) queue.set(key, { ...waiting, at: tick(now), steps: steps - most });
          continue;
        }
        if (high && messages.length) queue.set(key, { at: now + 2 * PERIOD, messages: [], high });
        else if (high) out.push(high);
        out.push(...messages);
      }
      return out;
    },

    /** When `take` has something to give; Infinity: never. */
    due: () => Math.min(...[...queue.values()].map(({ at }) => at)),
  };
  return thinner;
}
