// @ts-check
/**
 * The losses of the last epochs, and the moments at which someone moved something. Pure:
 * knows nothing about canvases and sockets; epochs come from messages and from the CSV.
 */

/** @typedef {import("./types.js").Epoch} Epoch */

/**
 * @typedef {object} Mark one move: all that one source changed until the next picture
 * @property {number} rev
 * @property {string} source
 * @property {Map<string, [from: number, to: number]>} controls positions
 * @property {number | null} epoch the first one painted with it; null: none yet
 */

export const MAX_EPOCHS = 3000;
const MAX_MARKS = 300;
/** Moves of one source within so many epochs are one mark. */
const NEAR = 8;

export class History {
  /** @type {readonly string[]} in the order of the columns: all content, then all style */
  terms;
  /** Oldest first: the epoch's number, total, then the weighted loss of each term. @type {Float64Array[]} */
  rows = [];
  /** @type {Mark[]} */
  marks = [];

  /** @param {readonly string[]} layers */
  constructor(layers) {
    this.terms = ["content", "style"].flatMap((term) => layers.map((layer) => `${term}.${layer}`));
  }

  /** @param {Epoch} epoch */
  add(epoch) {
    const { losses } = epoch;
    this.#push([
      epoch.epoch, epoch.total,
      ...losses.map((loss) => loss.content.weighted), ...losses.map((loss) => loss.style.weighted),
    ]);
    for (let index = this.marks.length - 1; index >= 0; index--) {
      const mark = this.marks[index];
      if (!mark || mark.epoch !== null) break;
      if (mark.rev <= epoch.rev) mark.epoch = epoch.epoch;
    }
  }

  /** @param {number[]} row */
  #push(row) {
    const last = this.rows.at(-1)?.[0] ?? -1;
    // Another server counts anew; the last epoch of a snapshot comes twice.
    if ((row[0] ?? 0) < last) {
      this.rows = [];
      this.marks = [];
    } else if (row[0] === last) return;
    this.rows.push(Float64Array.from(row));
    if (this.rows.length > MAX_EPOCHS) this.rows.shift();
  }

  /**
   * Put what was painted before this page opened in front; what is not a table is left out.
   * @param {string} csv the answer of /api/losses.csv
   */
  fill(csv) {
    const [head = "", ...lines] = csv.trim().split("\n");
    const names = head.split(",");
    const wanted = ["epoch", "total", ...this.terms.map((term) => `${term}.weighted`)];
    const columns = wanted.map((name) => names.indexOf(name));
    if (columns.includes(-1)) return;
    const later = this.rows;
    const first = later[0]?.[0] ?? Infinity;
    this.rows = [];
    for (const line of lines) {
      const cells = line.split(",");
      const row = columns.map((column) => Number(cells[column]));
      if (Number.isFinite(row[0]) && (row[0] ?? 0) < first) this.#push(row);
    }
    this.rows = [...this.rows, ...later].slice(-MAX_EPOCHS);
  }

  /**
   * Someone moved something.
   * @param {{rev: number, source: string, controls: Record<string, [number, number]>}} move
   */
  changed({ rev, source, controls }) {
    const now = this.rows.at(-1)?.[0] ?? 0;
    let mark = this.marks.at(-1);
    if (mark?.source !== source || (mark.epoch !== null && now - mark.epoch > NEAR)) {
      this.marks.push((mark = { rev, source, controls: new Map(), epoch: null }));
      if (this.marks.length > MAX_MARKS) this.marks.shift();
    }
    for (const [name, [from, to]] of Object.entries(controls)) {
      mark.controls.set(name, [mark.controls.get(name)?.[0] ?? from, to]);
    }
  }

  /**
   * The last rows, and what of them is between which losses.
   * @param {number} count
   * @returns {{rows: Float64Array[], low: number, high: number}} powers of ten around all totals
   *   and the terms that are within four decades of them
   */
  window(count) {
    const rows = this.rows.slice(-count);
    let high = 0;
    for (const row of rows) high = Math.max(high, row[1] ?? 0);
    if (!(high > 0)) return { rows, low: 0.1, high: 1 };
    let low = high;
    for (const row of rows) {
      for (const loss of row.subarray(1)) if (loss > high / 1e4) low = Math.min(low, loss);
    }
    // Half decades: the scale holds still while losses wander.
    const power = (/** @type {number} */ loss, /** @type {(n: number) => number} */ round) => 10 ** (round(Math.log10(loss) * 2) / 2);
    return { rows, low: Math.min(power(low, Math.floor), high / 3), high: power(high, Math.ceil) };
  }
}
