// @ts-check
/**
 * How much of a controller's messages is worth sending: of each control that stands somewhere the
 * newest value, some sixty times a second, and always the last. Keys are never merged,
 * turns of endless encoders add up. What a control is, the server's `bindings` say; until
 * they have come, and while something is learnt, all goes out as it is. Pure: time comes in.
 * The agent does the same, in styletune/agent/thinning.py.
 */

/** ms; each message costs the server, and nobody sees more */
const PERIOD = 16;
const PAIR = 2;
/** (N)RPN: only all of them in order mean anything. */
const PARAMETER = new Set([6, 38, 96, 97, 98, 99, 100, 101]);

/** How the four kinds of endless encoders write turns, and read them. */
const TURNS = /** @type {Record<string, [(value: number) => number, (steps: number) => number]>} */ ({
  signed_bit: [(v) => (v <= 64 ? v : 64 - v), (s) => (s >= 0 ? s : 64 - s)],
  signed_bit_2: [(v) => (v <= 64 ? -v : v - 64), (s) => (s <= 0 ? -s : 64 + s)],
  bin_offset: [(v) => v - 64, (s) => 64 + s],
  twos_complement: [(v) => (v <= 64 ? v : v - 128), (s) => (s + 128) % 128],
});

/** @typedef {{at: number, messages: number[][], high?: number[], steps?: number, encoding?: string}} Waiting */

/** @param {readonly number[]} data */
const sourceOf = ([status = 0, number = 0]) => {
  const kind = { 0xb: "CC", 0x9: "note", 0x8: "note" }[status >> 4];
  return `ch ${(status & 0x0f) + 1} ${kind ? `${kind} ${number}` : "bend"}`;
};

export class Thinner {
  learning = false;
  /** @type {Map<string, string> | null} encoding by source */
  #encodings = null;
  /** @type {Map<string | number, Waiting>} */
  #waiting = new Map();
  /** @type {Map<string, number>} */
  #sent = new Map();
  #keys = 0;

  /** @param {readonly {source: string, encoding: string}[]} bindings */
  know(bindings) {
    this.#encodings = new Map(bindings.map(({ source, encoding }) => [source, encoding]));
  }

  /**
   * @param {number[]} data one whole message
   * @param {number} now ms
   */
  feed(data, now) {
    const kind = (data[0] ?? 0) >> 4;
    let source = sourceOf(data);
    let encoding = kind === 0xe ? "absolute" : kind === 0xb ? this.#encoding(data) : "button";
    if (this.learning || !this.#encodings) encoding = "button";
    const isLow = encoding === "low";
    if (isLow) {
      source = sourceOf([data[0] ?? 0, (data[1] ?? 0) - 32]);
      encoding = "fine";
    }
    const free = (this.#sent.get(source) ?? -Infinity) + PERIOD;
    const waiting = this.#waiting.get(source);
    const turns = TURNS[encoding];
    if (encoding === "button") this.#waiting.set(++this.#keys, { at: now, messages: [data] });
    else if (turns) {
      const steps = turns[0](data[2] ?? 0);
      if (waiting) waiting.steps = (waiting.steps ?? 0) + steps;
      else this.#waiting.set(source, { at: Math.max(free, now), messages: [data], steps, encoding });
    } else if (encoding === "fine") {
      const pair = waiting ?? { at: Math.max(free + PERIOD, now + PAIR), messages: [] };
      this.#waiting.set(source, pair);
      if (!isLow) pair.high = data;
      else {
        pair.messages = [...(pair.high ? [pair.high] : pair.messages.slice(0, -1)), data];
        delete pair.high;
      }
    } else if (waiting) waiting.messages = [data];
    else if (free <= now) {
      // The first after a rest goes out as it is: there a fader is picked up.
      this.#waiting.set(++this.#keys, { at: now, messages: [data] });
      this.#sent.set(source, now);
    } else this.#waiting.set(source, { at: free, messages: [data] });
  }

  /**
   * @param {number} now ms
   * @returns {number[][]} what is to be sent now, in its order
   */
  take(now) {
    const out = [];
    for (const [key, waiting] of [...this.#waiting]) {
      if (waiting.at > now) continue;
      this.#waiting.delete(key);
      if (typeof key === "string") this.#sent.set(key, now);
      if (waiting.steps !== undefined) {
        const steps = Math.max(-63, Math.min(63, waiting.steps));
        const value = TURNS[waiting.encoding ?? ""]?.[1](steps) ?? 0;
        if (steps) out.push([...(waiting.messages[0] ?? []).slice(0, 2), value]);
        if (waiting.steps !== steps) {
          this.#waiting.set(key, { ...waiting, at: now + PERIOD, steps: waiting.steps - steps });
        }
        continue;
      }
      if (waiting.messages.length === 0 && waiting.high) out.push(waiting.high);
      else if (waiting.high) {
        this.#waiting.set(key, { at: now + 2 * PERIOD, messages: [], high: waiting.high });
      }
      out.push(...waiting.messages);
    }
    return out;
  }

  /** When `take` has something to give, ms; Infinity: never. */
  get due() {
    return Math.min(...[...this.#waiting.values()].map(({ at }) => at));
  }

  /** @param {number[]} data a control change */
  #encoding([status = 0, number = 0]) {
    const encoding = this.#encodings?.get(sourceOf([status, number]));
    if (encoding) return encoding;
    if (PARAMETER.has(number)) return "button";
    return this.#encodings?.get(sourceOf([status, number - 32])) === "fine" ? "low" : "absolute";
  }
}
