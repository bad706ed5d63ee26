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

/** @param {readonly Row[]} rows the table of controls */
export function makeStore(rows) {
  /** @type {Map<string, Control>} */
  const controls = new Map(rows.map((row) => [
    row.name, { row, shown: positionFor(row, row.default), waiting: false, watchers: new Set() },
  ]));
  /** @type {Set<string>} */
  const held = new Set();
  /** When the oldest of what waits was moved. */
  let since = 0;
  /** From the first handle taken to the last let go: one entry of undo. */
  let gesture = 0;
  /** @type {string | undefined} of what waits */
  let outgoing;

  /** @param {string} name */
  function find(name) {
    const control = controls.get(name);
    if (!control) throw new RangeError(`the table of controls has no \`${name}\``);
    return control;
  }

  /** @param {number} seq */
  function answered(seq) {
    for (const control of controls.values()) if (control.sent && control.sent.seq <= seq) delete control.sent;
  }

  /** Show what the server has, unless the hand has the word. @param {Control} control */
  function follow(control) {
    const { row, told, sent, waiting } = control;
    if (told !== undefined && !sent && !waiting && !held.has(row.name)) show(control, told);
  }

  /** @param {Control} control @param {number} position */
  function show(control, position) {
    if (control.shown === position) return;
    control.shown = position;
    for (const watcher of control.watchers) watcher(position);
  }

  const store = {
    /** Called when something waits to be sent. */
    onmove() {},
    /** A watcher's page: nothing moves by hand. */
    locked: false,

    /** @param {string} name */
    row: (name) => find(name).row,

    /** Position of a fader, 0 or 1 of a switch, index of a choice. @param {string} name */
    position: (name) => find(name).shown,

    /** What the server said last. @param {string} name */
    told: (name) => find(name).told,

    /** Call `watcher` now and whenever the control shows another position. @param {string} name @param {(position: number) => void} watcher */
    watch(name, watcher) {
      const { watchers, shown } = find(name);
      watchers.add(watcher);
      watcher(shown);
    },

    /** @param {string} name */
    hold(name) {
      if (!held.size) gesture++;
      held.add(name);
    },

    /** Let go: if nothing of the hand's is under way, the handle goes where the server has it. @param {string} name */
    release(name) {
      held.delete(name);
      follow(find(name));
    },

    /** The hand moves a control: shown at once, sent with the next `take`. @param {string} name @param {number} position @param {number} [now] */
    move(name, position, now) {
      const control = find(name);
      if (store.locked || position === control.shown) return;
      show(control, position);
      store.send(name, now);
    },

    /** Turn a switch. @param {string} name @param {number} [now] */
    flip(name, now) {
      store.move(name, find(name).shown > 0 ? 0 : 1, now);
    },

    /** Show where the hand is; whoever calls holds the control and will `send`. @param {string} name @param {number} position */
    preview(name, position) {
      if (!store.locked) show(find(name), position);
    },

    /** Send what the control shows, with the next `take`. @param {string} name @param {number} [now] */
    send(name, now = performance.now()) {
      if (![...controls.values()].some(({ waiting }) => waiting)) since = now;
      find(name).waiting = true;
      if (held.has(name)) outgoing = String(gesture);
      store.onmove();
    },

    /**
     * All that waits, as one atomic set that goes out under `seq`; null: nothing waits.
     * @param {number} seq
     * @param {number} now
     * @returns {{controls: Values, since: number, gesture?: string} | null}
     */
    take(seq, now) {
      /** @type {Values} */
      const values = {};
      for (const [name, control] of controls) {
        if (!control.waiting) continue;
        control.waiting = false;
        control.sent = { seq, at: now };
        values[name] = valueOf(control.row, control.shown);
      }
      const of = outgoing;
      outgoing = undefined;
      if (!Object.keys(values).length) return null;
      return { controls: values, since, ...(of && { gesture: of }) };
    },

    /**
     * All values, after a connection or a gap. What was sent and never answered goes out again:
     * sets are absolute, so twice does no harm.
     * @param {Values} values
     * @param {number} now
     */
    snapshot(values, now) {
      for (const [name, value] of Object.entries(values)) {
        const control = find(name);
        control.told = positionFor(control.row, value);
        const lost = control.sent;
        delete control.sent;
        if (lost) store.send(name, now);
        else follow(control);
      }
    },

    /** Someone moved something; `own`: it answers a set of this page. @param {Changed} message @param {boolean} own @param {number} now */
    changed({ controls, seq }, own, now) {
      if (own && seq != null) answered(seq);
      for (const [name, value] of Object.entries(controls)) {
        const control = find(name);
        control.told = positionFor(control.row, value);
        if (control.sent && now - control.sent.at > ANSWER_MS) delete control.sent;
        follow(control);
      }
    },

    /** The server refused a set: its handles go back to what holds there. @param {number} seq */
    refused(seq) {
      const refused = [...controls.values()].filter(({ sent }) => sent?.seq === seq);
      answered(seq);
      for (const { row } of refused) store.release(row.name);
    },
  };
  return store;
}
