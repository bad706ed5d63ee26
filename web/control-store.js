// @ts-check
/**
 * The positions of all controls: what the hand set, what the server confirmed, and which of them
 * is shown. The hand wins while it holds a control and until the server has answered its last set:
 * a held control never jumps, and a late answer never pulls it back. Pure: time comes in, ms.
 */

/**
 * @typedef {object} Control
 * @property {ControlRow} row
 * @property {number} shown
 * @property {number} [confirmed] the server's position
 * @property {{seq: number, at: number}} [sent] not answered yet
 * @property {boolean} queued to be sent
 * @property {Set<(position: number) => void>} watchers
 */

/** An answer that has not come by then is lost, ms. */
const ANSWER_MS = 2000;

/** The position for a value in a message: a choice's is the index of its name. @param {ControlRow} row @param {Value} value */
export const positionFromJson = ({ kind, choices }, value) => (kind === "choice" ? choices.indexOf(String(value)) : Number(value));

/** The value to put into a message. @param {ControlRow} row @param {number} position */
function jsonValue({ kind, choices }, position) {
  if (kind === "choice") return choices[position] ?? "";
  return kind === "switch" ? position > 0 : position;
}

/** @param {readonly ControlRow[]} rows the table of controls */
export function makeControlStore(rows) {
  /** @type {Map<string, Control>} */
  const controls = new Map(rows.map((row) => [
    row.name, { row, shown: positionFromJson(row, row.default), queued: false, watchers: new Set() },
  ]));
  /** @type {Set<string>} */
  const held = new Set();
  /** When the oldest queued control was moved, ms. */
  let since = 0;
  /** Number of the gesture, from the first control held to the last released: one step of undo. */
  let gesture = 0;
  /** @type {string | undefined} gesture of what is queued */
  let queuedGesture;

  /** @param {string} name */
  function find(name) {
    const control = controls.get(name);
    if (!control) throw new RangeError(`the table of controls has no \`${name}\``);
    return control;
  }

  /** The server has answered all sets up to `seq`. @param {number} seq */
  function acknowledge(seq) {
    for (const control of controls.values()) if (control.sent && control.sent.seq <= seq) delete control.sent;
  }

  /** Show the server's position, unless the hand's goes first. @param {Control} control */
  function showConfirmed(control) {
    const { row, confirmed, sent, queued } = control;
    if (confirmed !== undefined && !sent && !queued && !held.has(row.name)) show(control, confirmed);
  }

  /** @param {Control} control @param {number} position */
  function show(control, position) {
    if (control.shown === position) return;
    control.shown = position;
    for (const watcher of control.watchers) watcher(position);
  }

  const store = {
    /** Called when something was queued. */
    onqueued() {},
    /** A viewer's page: nothing can be moved. */
    locked: false,

    rows,

    /** @param {string} name */
    row: (name) => find(name).row,

    /** What the page shows in a panel, in its order. @param {ControlRow["panel"]} panel */
    rowsIn: (panel) => rows.filter((row) => row.panel === panel).sort((a, b) => a.order - b.order),

    /** Position of a fader, 0 or 1 of a switch, index of a choice. @param {string} name */
    position: (name) => find(name).shown,

    /** The server's position; undefined before the first snapshot. @param {string} name */
    confirmed: (name) => find(name).confirmed,

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

    /** Let go: with nothing under way the control goes to the server's position. @param {string} name */
    release(name) {
      held.delete(name);
      showConfirmed(find(name));
    },

    /** Move a control by hand: shown at once, queued to be sent. @param {string} name @param {number} position @param {number} [now] */
    move(name, position, now) {
      const control = find(name);
      if (store.locked || position === control.shown) return;
      show(control, position);
      store.queue(name, now);
    },

    /** Turn a switch on or off. @param {string} name @param {number} [now] */
    toggle(name, now) {
      store.move(name, find(name).shown > 0 ? 0 : 1, now);
    },

    /** Show a position without sending it; the caller holds the control and will `queue` it. @param {string} name @param {number} position */
    preview(name, position) {
      if (!store.locked) show(find(name), position);
    },

    /** Send the position shown with the next `takeQueued`. @param {string} name @param {number} [now] */
    queue(name, now = performance.now()) {
      if (![...controls.values()].some(({ queued }) => queued)) since = now;
      find(name).queued = true;
      if (held.has(name)) queuedGesture = String(gesture);
      store.onqueued();
    },

    /**
     * All that is queued, as one atomic set to be sent under `seq`; null: nothing is.
     * @param {number} seq
     * @param {number} now
     * @returns {{controls: Values, since: number, gesture?: string} | null}
     */
    takeQueued(seq, now) {
      /** @type {Values} */
      const values = {};
      for (const [name, control] of controls) {
        if (!control.queued) continue;
        control.queued = false;
        control.sent = { seq, at: now };
        values[name] = jsonValue(control.row, control.shown);
      }
      const name = queuedGesture;
      queuedGesture = undefined;
      if (!Object.keys(values).length) return null;
      return { controls: values, since, ...(name && { gesture: name }) };
    },

    /**
     * All values, after a connection or a gap. What was sent and never answered is queued again:
     * sets are absolute, so twice does no harm.
     * @param {Values} values
     * @param {number} now
     */
    applySnapshot(values, now) {
      for (const [name, value] of Object.entries(values)) {
        const control = find(name);
        control.confirmed = positionFromJson(control.row, value);
        const lost = control.sent;
        delete control.sent;
        if (lost) store.queue(name, now);
        else showConfirmed(control);
      }
    },

    /** Controls have moved; `own`: by a set of this page. @param {ChangedMessage} message @param {boolean} own @param {number} now */
    applyChange({ controls, seq }, own, now) {
      if (own && seq != null) acknowledge(seq);
      for (const [name, value] of Object.entries(controls)) {
        const control = find(name);
        control.confirmed = positionFromJson(control.row, value);
        if (control.sent && now - control.sent.at > ANSWER_MS) delete control.sent;
        showConfirmed(control);
      }
    },

    /** The server refused a set: its controls go back to the server's positions. @param {number} seq */
    reject(seq) {
      const rejected = [...controls.values()].filter(({ sent }) => sent?.seq === seq);
      acknowledge(seq);
      for (const { row } of rejected) store.release(row.name);
    },
  };
  return store;
}
