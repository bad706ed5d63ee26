// @ts-check
/**
 * From the position of a handle to the value that the engine uses, and the weights as heard:
 * the same maths as `styletune/controls.py`. Knows nothing about pages and sockets.
 */

/** @typedef {import("./types.js").Row} Row */
/** @typedef {Pick<Row, "curve" | "low" | "high">} Curve */

/** @param {number} position */
export const clamp = (position) => Math.min(1, Math.max(0, position));

/**
 * Map a position in 0..1 to the value in the control's unit; `log_off` is exactly 0 at 0.
 * @param {Curve} row
 * @param {number} position
 * @returns {number}
 */
export function valueAt(row, position) {
  if (row.curve === "linear") return row.low + position * (row.high - row.low);
  if (row.curve === "log_off" && position <= 0) return 0;
  const low = Math.log10(row.low);
  return 10 ** (low + position * (Math.log10(row.high) - low));
}

/**
 * Map a value back to the position that gives it, cut to 0..1.
 * @param {Curve} row
 * @param {number} value
 * @returns {number}
 */
export function positionOf(row, value) {
  if (row.curve === "linear") return clamp((value - row.low) / (row.high - row.low));
  if (value <= 0) return 0;
  const low = Math.log10(row.low);
  return clamp((Math.log10(value) - low) / (Math.log10(row.high) - low));
}

/**
 * Where a scale is engraved: the powers of ten of a logarithmic control, quarters of a linear.
 * @param {Curve} row
 * @returns {{position: number, value: number}[]} from the bottom up
 */
export function ticks(row) {
  if (row.curve === "linear") {
    return [0, 0.25, 0.5, 0.75, 1].map((position) => ({ position, value: valueAt(row, position) }));
  }
  const marks = [];
  const top = Math.floor(Math.log10(row.high) + 1e-9);
  for (let power = Math.ceil(Math.log10(row.low) - 1e-9); power <= top; power++) {
    marks.push({ position: positionOf(row, 10 ** power), value: 10 ** power });
  }
  return marks;
}

/**
 * The weight of each layer's term as heard: fader × master; 0 where muted, and 0 where any
 * term of either kind is soloed and this one is not.
 * @param {(name: string) => Row} row
 * @param {(name: string) => number} position a switch counts as 0 or 1
 * @param {readonly string[]} layers
 * @param {"content" | "style"} term
 * @returns {number[]} one per layer
 */
export function termWeights(row, position, layers, term) {
  const soloed = layers.some(
    (layer) => position(`content.${layer}.solo`) || position(`style.${layer}.solo`),
  );
  const master = valueAt(row(`${term}.master`), position(`${term}.master`));
  return layers.map((layer) => {
    const name = `${term}.${layer}`;
    if (position(`${name}.mute`) || (soloed && !position(`${name}.solo`))) return 0;
    return master * valueAt(row(name), position(name));
  });
}
