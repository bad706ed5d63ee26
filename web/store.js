// @ts-check
/**
 * Where every handle stands: what the hand did, what the server says, and who wins.
 *
 * The hand wins while it holds, and until the server has answered what the hand did: a held
 * handle never jumps, and a slow echo never pulls it back. After that the server's value is
 * shown, whoever set it. Knows nothing about elements and sockets; time comes in.
 */

import { Outbox } from "./outbox.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Values} Values */
/** @typedef {import("./types.js").Changed} Changed */
/** @typedef {(position: number) => void} Watcher */

/** An answer that has not come by then is lost, ms. */
const ANSWER_MS = 2000;

/**
 * Where a handle stands for a value of the messages: a choice at the index of its name.
 * @param {Row} row
 * @param {number | boolean | string} value
 */
const positionOf = (row, value) =>
  row.kind === "choice" ? row.choices.indexOf(String(value)) : Number(value);

/**
 * The other way round.
 * @param {Row} row
 * @param {number} position
 */
function valueOf(row, position) {
  if (row.kind === "choice") return row.choices[position] ?? "";
  return row.kind === "switch" ? position > 0 : position;
}

export class Store {
  /** @type {Map<string, Row>} */
  #rows;
  /** @type {Map<string, number>} */
  #shown = new Map();
  /** @type {Map<string, number>} what the server said last */
  #told = new Map();
  /** @type {Map<string, {seq: number, at: number}>} sent, not yet answered */
  #sent = new Map();
  /** @type {Set<string>} */
  #held = new Set();
  /** @type {Map<string, Set<Watcher>>} */
  #watchers = new Map();
  #outbox = new Outbox();

  /** Called when something waits to be sent. */
  onmove = () => {};
  /** A watcher's page: nothing moves by hand. */
  locked = false;
  /** From the first handle taken to the last let go: one entry of undo. */
  #gesture = 0;
  /** @type {string | undefined} of what waits in the outbox */
  #outgoing;

  /** @param {readonly Row[]} rows the table of controls */
  constructor(rows) {
    this.#rows = new Map(rows.map((row) => [row.name, row]));
    for (const row of rows) {
      if (row.kind !== "trigger") this.#shown.set(row.name, positionOf(row, row.default));
    }
  }

  /**
   * @param {string} name
   * @returns {boolean}
   */
  has(name) {
    return this.#rows.has(name);
  }

  /**
   * @param {string} name
   * @returns {Row}
   */
  row(name) {
    const row = this.#rows.get(name);
    if (!row) throw new RangeError(`the table of controls has no \`${name}\``);
    return row;
  }

  /**
   * @param {string} name
   * @returns {number} position of a fader; 0 or 1 of a switch
   */
  position(name) {
    return this.#shown.get(name) ?? 0;
  }

  /**
   * Call `watcher` now and whenever the control shows another position.
   * @param {string} name
   * @param {Watcher} watcher
   */
  watch(name, watcher) {
    const all = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, all.add(watcher));
    watcher(this.position(name));
  }

  /** @param {string} name */
  hold(name) {
    if (!this.#held.size) this.#gesture++;
    this.#held.add(name);
  }

  /**
   * Let go: if nothing of the hand's is under way, the handle goes where the server has it.
   * @param {string} name
   */
  release(name) {
    this.#held.delete(name);
    const told = this.#told.get(name);
    if (told !== undefined && !this.#sent.has(name) && !this.#waiting.has(name)) {
      this.#show(name, told);
    }
  }

  /**
   * The hand moves a control: shown at once, sent with the next `take`.
   * @param {string} name
   * @param {number} position
   * @param {number} now ms
   */
  move(name, position, now) {
    if (this.locked || position === this.position(name)) return;
    this.#show(name, position);
    this.send(name, now);
  }

  /**
   * Show where the hand is and send nothing yet; the caller holds the control and `send`s.
   * @param {string} name
   * @param {number} position
   */
  preview(name, position) {
    if (!this.locked) this.#show(name, position);
  }

  /**
   * Send what the control shows, with the next `take`.
   * @param {string} name
   * @param {number} now ms
   */
  send(name, now) {
    this.#queue(name, now);
    this.onmove();
  }

  /** @type {Set<string>} in the outbox */
  #waiting = new Set();

  /**
   * @param {string} name
   * @param {number} now
   */
  #queue(name, now) {
    const position = this.position(name);
    this.#waiting.add(name);
    if (this.#held.has(name)) this.#outgoing = String(this.#gesture);
    this.#outbox.put(name, valueOf(this.row(name), position), now);
  }

  /**
   * Take what is to be sent, as one set that will go out under `seq`.
   * @param {number} seq
   * @param {number} now ms
   * @returns {{controls: Values, since: number, gesture?: string} | null} null: nothing waits
   */
  take(seq, now) {
    const set = this.#outbox.take();
    this.#waiting.clear();
    for (const name of Object.keys(set?.controls ?? {})) this.#sent.set(name, { seq, at: now });
    const gesture = this.#outgoing;
    this.#outgoing = undefined;
    return set && (gesture ? { ...set, gesture } : set);
  }

  /**
   * All values as the server has them, after a connection or a gap. What the hand did and
   * the server never answered goes out again: sets are absolute, so twice does no harm.
   * @param {Values} values
   * @param {number} now ms
   */
  snapshot(values, now) {
    for (const [name, value] of Object.entries(values)) {
      const position = positionOf(this.row(name), value);
      this.#told.set(name, position);
      if (this.#sent.has(name)) this.#queue(name, now);
      else if (!this.#held.has(name) && !this.#waiting.has(name)) this.#show(name, position);
    }
    this.#sent.clear();
    if (!this.#outbox.empty) this.onmove();
  }

  /**
   * Someone moved something.
   * @param {Changed} message
   * @param {boolean} own it answers a set of this page
   * @param {number} now ms
   */
  changed(message, own, now) {
    if (own && message.seq != null) this.#answered(message.seq);
    for (const [name, value] of Object.entries(message.controls)) {
      const position = positionOf(this.row(name), value);
      this.#told.set(name, position);
      const sent = this.#sent.get(name);
      if (sent && now - sent.at > ANSWER_MS) this.#sent.delete(name);
      if (!this.#sent.has(name) && !this.#waiting.has(name) && !this.#held.has(name)) {
        this.#show(name, position);
      }
    }
  }

  /**
   * The server refused a set: its handles go back to what holds there.
   * @param {number} seq
   */
  refused(seq) {
    const names = [...this.#sent].filter(([, sent]) => sent.seq === seq).map(([name]) => name);
    this.#answered(seq);
    for (const name of names) this.release(name);
  }

  /** @param {number} seq */
  #answered(seq) {
    for (const [name, sent] of this.#sent) if (sent.seq <= seq) this.#sent.delete(name);
  }

  /**
   * @param {string} name
   * @param {number} position
   */
  #show(name, position) {
    if (this.#shown.get(name) === position) return;
    this.#shown.set(name, position);
    for (const watcher of this.#watchers.get(name) ?? []) watcher(position);
  }
}
