// @ts-check
/**
 * The losses of the last epochs, and the moves of controls among them. Pure: epochs come from
 * messages and from the CSV.
 */

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
const MERGE_EPOCHS = 8;

export class LossHistory {
  /** Oldest first: the epoch's number, total, then the weighted loss of each term. @type {Float64Array[]} */
  rows = [];
  /** @type {Mark[]} */
  marks = [];
  /** Names of the terms in the order of the columns: all layers of the first, then of the next. @type {readonly string[]} */
  terms;
  /** @type {readonly TermName[]} */
  #kinds;

  /** @param {readonly string[]} layers @param {readonly TermName[]} kinds of terms */
  constructor(layers, kinds) {
    this.#kinds = kinds;
    this.terms = kinds.flatMap((kind) => layers.map((layer) => `${kind}.${layer}`));
  }

  /** @param {EpochMessage} message */
  add({ epoch, rev, total, losses }) {
    this.#push([epoch, total, ...this.#kinds.flatMap((kind) => losses.map((loss) => loss[kind].weighted))]);
    for (const mark of this.marks) if (mark.epoch === null && mark.rev <= rev) mark.epoch = epoch;
  }

  /** @param {number[]} row */
  #push(row) {
    const [epoch = 0] = row;
    const last = this.rows.at(-1)?.[0] ?? -1;
    // The last epoch of a snapshot comes twice; another server counts anew.
    if (epoch === last) return;
    if (epoch < last) [this.rows, this.marks] = [[], []];
    this.rows.push(Float64Array.from(row));
    if (this.rows.length > MAX_EPOCHS) this.rows.shift();
  }

  /** Prepend the epochs before this page opened. @param {string} csv of /api/losses.csv; anything else is ignored */
  prepend(csv) {
    const [names = [], ...lines] = csv.trim().split("\n").map((line) => line.split(","));
    const columns = ["epoch", "total", ...this.terms.map((term) => `${term}.weighted`)].map((name) => names.indexOf(name));
    if (columns.includes(-1)) return;
    const first = this.rows[0]?.[0] ?? Infinity;
    const before = lines.map((cells) => Float64Array.from(columns, (column) => Number(cells[column])));
    this.rows = [...before.filter(([epoch = NaN]) => epoch < first), ...this.rows].slice(-MAX_EPOCHS);
  }

  /** Somebody moved controls. @param {{rev: number, source: string, controls: (readonly [string, readonly number[]])[]}} move */
  addMove({ rev, source, controls }) {
    const now = this.rows.at(-1)?.[0] ?? 0;
    let mark = this.marks.at(-1);
    if (mark?.source !== source || (mark.epoch !== null && now - mark.epoch > MERGE_EPOCHS)) {
      mark = { rev, source, controls: new Map(), epoch: null };
      this.marks = [...this.marks, mark].slice(-MAX_MARKS);
    }
    for (const [name, [from = 0, to = 0]] of controls) {
      mark.controls.set(name, [mark.controls.get(name)?.[0] ?? from, to]);
    }
  }

  /**
   * The last rows, and the scale for them: half powers of ten, which hold still while losses
   * wander, around all totals and the terms within four decades of them.
   * @param {number} count
   */
  window(count) {
    const rows = this.rows.slice(-count);
    const high = Math.max(0, ...rows.map((row) => row[1] ?? 0));
    if (!(high > 0)) return { rows, low: 0.1, high: 1 };
    let low = high;
    for (const row of rows) for (const loss of row.subarray(1)) if (loss > high / 1e4) low = Math.min(low, loss);
    return {
      rows,
      low: Math.min(10 ** (Math.floor(Math.log10(low) * 2) / 2), high / 3),
      high: 10 ** (Math.ceil(Math.log10(high) * 2) / 2),
    };
  }
}
