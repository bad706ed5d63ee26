// @ts-check
/**
 * Where every handle stands: what the hand did, what the server says, and who wins. The hand
 * wins while it holds and until the server has answered what it did: a held handle never
 * jumps, and a slow echo never pulls it back. Knows no elements and sockets; time comes in, ms.
 */

/**
 * @typedef {object} Control
 * @property {Row} row
 * @property {number} shown
 * @property {number} [told] what the server said last
 * @property {{seq: number, at: number}} [sent] not yet answered
 * @property {boolean} waiting to be sent
 * @property {Set<(position: number) => void>} watchers
 */

/** An answer that has not come by then is lost. */
const ANSWER_MS = 2000;

/** Where a handle stands for a value: a choice at the index of its name. @param {Row} row @param {Value} value */
export const positionFor = ({ kind, choices }, value) => (kind === "choice" ? choices.indexOf(String(value)) : Number(value));

/** @param {Row} row @param {number} position */
function valueOf({ kind, choices }, position) {
  if (kind === "choice") return choices[position] ?? "";
  return kind === "switch" ? position > 0 : position;
}

export class Store {
  /** @type {Map<string, Control>} */
  #controls;
  /** @type {Set<string>} */
  #held = new Set();
  /** When the oldest of what waits was moved. */
  #since = 0;
  /** From the first handle taken to the last let go: one entry of undo. */
  #gesture = 0;
  /** @type {string | undefined} of what waits */
  #outgoing;
  /** Called when something waits to be sent. */
  onmove = () => {};
  /** A watcher's page: nothing moves by hand. */
  locked = false;

  /** @param {readonly Row[]} rows the table of controls */
  constructor(rows) {
    this.#controls = new Map(rows.map((row) => [
      row.name, { row, shown: positionFor(row, row.default), waiting: false, watchers: new Set() },
    ]));
  }

  /** @param {string} name */
  #control(name) {
    const control = this.#controls.get(name);
    if (!control) throw new RangeError(`the table of controls has no \`${name}\``);
    return control;
  }

  /** @param {string} name */
  row = (name) => this.#control(name).row;

  /** Position of a fader, 0 or 1 of a switch, index of a choice. @param {string} name */
  position = (name) => this.#control(name).shown;

  /** What the server said last. @param {string} name */
  told = (name) => this.#control(name).told;

  /** Call `watcher` now and whenever the control shows another position. @param {string} name @param {(position: number) => void} watcher */
  watch(name, watcher) {
    const { watchers, shown } = this.#control(name);
    watchers.add(watcher);
    watcher(shown);
  }

  /** @param {string} name */
  hold(name) {
    if (!this.#held.size) this.#gesture++;
    this.#held.add(name);
  }

  /** Let go: if nothing of the hand's is under way, the handle goes where the server has it. @param {string} name */
  release(name) {
    this.#held.delete(name);
    this.#follow(this.#control(name));
  }

  /** The hand moves a control: shown at once, sent with the next `take`. @param {string} name @param {number} position @param {number} [now] */
  move(name, position, now) {
    if (this.locked || position === this.position(name)) return;
    this.#show(this.#control(name), position);
    this.send(name, now);
  }

  /** Turn a switch. @param {string} name @param {number} [now] */
  flip(name, now) {
    this.move(name, this.position(name) > 0 ? 0 : 1, now);
  }

  /** Show where the hand is; whoever calls holds the control and will `send`. @param {string} name @param {number} position */
  preview(name, position) {
    if (!this.locked) this.#show(this.#control(name), position);
  }

  /** Send what the control shows, with the next `take`. @param {string} name @param {number} [now] */
  send(name, now = performance.now()) {
    if (![...this.#controls.values()].some((control) => control.waiting)) this.#since = now;
    this.#control(name).waiting = true;
    if (this.#held.has(name)) this.#outgoing = String(this.#gesture);
    this.onmove();
  }

  /**
   * All that waits, as one atomic set that goes out under `seq`; null: nothing waits.
   * @param {number} seq
   * @param {number} now
   * @returns {{controls: Values, since: number, gesture?: string} | null}
   */
  take(seq, now) {
    /** @type {Values} */
    const controls = {};
    for (const [name, control] of this.#controls) {
      if (!control.waiting) continue;
      control.waiting = false;
      control.sent = { seq, at: now };
      controls[name] = valueOf(control.row, control.shown);
    }
    const gesture = this.#outgoing;
    this.#outgoing = undefined;
    if (!Object.keys(controls).length) return null;
    return { controls, since: this.#since, ...(gesture && { gesture }) };
  }

  /**
   * All values, after a connection or a gap. What was sent and never answered goes out again:
   * sets are absolute, so twice does no harm.
   * @param {Values} values
   * @param {number} now
   */
  snapshot(values, now) {
    for (const [name, value] of Object.entries(values)) {
      const control = this.#control(name);
      control.told = positionFor(control.row, value);
      const lost = control.sent;
      delete control.sent;
      if (lost) this.send(name, now);
      else this.#follow(control);
    }
  }

  /** Someone moved something; `own`: it answers a set of this page. @param {Changed} message @param {boolean} own @param {number} now */
  changed({ controls, seq }, own, now) {
    if (own && seq != null) this.#answered(seq);
    for (const [name, value] of Object.entries(controls)) {
      const control = this.#control(name);
      control.told = positionFor(control.row, value);
      if (control.sent && now - control.sent.at > ANSWER_MS) delete control.sent;
      this.#follow(control);
    }
  }

  /** The server refused a set: its handles go back to what holds there. @param {number} seq */
  refused(seq) {
    const refused = [...this.#controls.values()].filter(({ sent }) => sent?.seq === seq);
    this.#answered(seq);
    for (const { row } of refused) this.release(row.name);
  }

  /** @param {number} seq */
  #answered(seq) {
    for (const control of this.#controls.values()) if (control.sent && control.sent.seq <= seq) delete control.sent;
  }

  /** Show what the server has, unless the hand has the word. @param {Control} control */
  #follow(control) {
    const { row, told, sent, waiting } = control;
    if (told !== undefined && !sent && !waiting && !this.#held.has(row.name)) this.#show(control, told);
  }

  /** @param {Control} control @param {number} position */
  #show(control, position) {
    if (control.shown === position) return;
    control.shown = position;
    for (const watcher of control.watchers) watcher(position);
  }
}
