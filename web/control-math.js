// @ts-check
/**
 * From the position of a control to the value that the engine uses, and the effective weights of
 * the loss terms: the maths of `styletune/controls.py`. Pure.
 */

/** @typedef {Pick<ControlRow, "curve" | "low" | "high">} Curve */

/** @param {number} position */
export const clamp = (position) => Math.min(1, Math.max(0, position));

/** Of `power`: what makes the value 1 in the middle. @param {Curve} row */
const exponent = ({ low, high }) => -Math.log2((1 - low) / (high - low));

/** The value at a position, in the control's unit; `log_off` is exactly 0 at 0. @param {Curve} row @param {number} position */
export function valueAt(row, position) {
  const { curve, low, high } = row;
  if (curve === "power") return low + (high - low) * position ** exponent(row);
  if (curve === "linear") return low + position * (high - low);
  if (curve === "log_off" && position <= 0) return 0;
  return 10 ** (Math.log10(low) + position * (Math.log10(high) - Math.log10(low)));
}

/** The position that gives a value, cut to 0..1. @param {Curve} row @param {number} value */
export function positionOf(row, value) {
  const { curve, low, high } = row;
  if (curve === "power") return clamp(((value - low) / (high - low)) ** (1 / exponent(row)) || 0);
  if (curve === "linear") return clamp((value - low) / (high - low));
  return value <= 0 ? 0 : clamp(Math.log10(value / low) / Math.log10(high / low));
}

/**
 * The marks of a scale: the powers of ten of a logarithmic control, quarters of a linear one,
 * the content's own, the style and the top of an amount.
 * @param {Curve} row
 * @returns {{position: number, value: number}[]} from the bottom up
 */
export function ticks(row) {
  if (row.curve === "linear") {
    return [0, 0.25, 0.5, 0.75, 1].map((position) => ({ position, value: valueAt(row, position) }));
  }
  if (row.curve === "power") return [0, 1, row.high].map((value) => ({ position: positionOf(row, value), value }));
  const marks = [];
  const top = Math.floor(Math.log10(row.high) + 1e-9);
  for (let power = Math.ceil(Math.log10(row.low) - 1e-9); power <= top; power++) {
    marks.push({ position: positionOf(row, 10 ** power), value: 10 ** power });
  }
  return marks;
}

/**
 * For each term the effective weights of all layers: fader × master (of an amount: the master); 0 where muted, and 0 where
 * any term is soloed and this one is not; between two scenes a mute or solo is a part of one.
 * @param {(name: string) => ControlRow} row
 * @param {(name: string) => number} position
 * @param {readonly string[]} layers
 * @param {readonly string[]} terms
 */
export function termWeights(row, position, layers, terms) {
  const names = (/** @type {string} */ term) => layers.map((layer) => `${term}.${layer}`);
  const anySolo = Math.max(...terms.flatMap(names).map((name) => position(`${name}.solo`)));
  const value = (/** @type {string} */ name) => (row(name).unit === "amount" ? 1 : valueAt(row(name), position(name)));
  return terms.map((term) => names(term).map((name) => value(`${term}.master`) * value(name)
    * (1 - position(`${name}.mute`)) * (1 - (anySolo - position(`${name}.solo`)))));
}
