// @ts-check
/**
 * The blend of up to four styles: the share of each from the controls, and back; and as a point
 * on a pad with a style in each corner. Pure.
 */

export const MAX_STYLES = 4;

/** @typedef {{x: number, y: number}} Point on the pad, 0..1: x to the right, y down */

/** The controls of the blend of so many styles. @param {number} styles */
export const blendControls = (styles) => ["style_mix", ...Array.from({ length: styles }, (_, index) => `style_gain.${index + 1}`)];

/** The share of each style in the blend, parts of 1. @param {(name: string) => number} position `style_mix` and the gains are linear, 0..1 @param {number} styles */
export function styleShares(position, styles) {
  const mix = position("style_mix");
  const gains = Array.from({ length: styles }, (_, index) => ([1 - mix, mix][index] ?? 1) * position(`style_gain.${index + 1}`));
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return gains.map((gain, index) => (total ? gain / total : Number(index === 0)));
}

/** Positions of the controls that give these shares. @param {readonly number[]} shares of two styles or more @returns {Record<string, number>} */
export function blendPositions([a = 0, b = 0, ...others]) {
  const first = a + b;
  const most = Math.max(first, ...others);
  const gains = [first, first, ...others].map((part) => part / most);
  return Object.fromEntries([["style_mix", first ? b / first : 0.5], ...gains.map((gain, index) => [`style_gain.${index + 1}`, gain])]);
}

/** Number of the style that one more picture becomes: the next, else that of the least share. @param {readonly number[]} shares */
export const blendTarget = (shares) => (shares.length < MAX_STYLES ? shares.length : shares.lastIndexOf(Math.min(...shares))) + 1;

/** The shares with one style raised to an equal part, the others in proportion; more stays. @param {readonly number[]} shares @param {number} index */
export function blendIn(shares, index) {
  const share = shares[index] ?? 0;
  const part = Math.max(share, 1 / shares.length);
  return shares.map((other, at) => (at === index ? part : other * ((1 - part) / (1 - share || 1))));
}

/**
 * The shares at a point: bilinear weights of the corners A top left, B top right, C bottom left,
 * D bottom right. A corner without a style gives its weight to its neighbours.
 * @param {Point} point @param {number} styles 2 to 4
 */
export function sharesAt({ x, y }, styles) {
  const [a, b, c, d] = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
  if (styles === 2) return [a + c, b + d];
  return styles === 3 ? [a, b + d / 2, c + d / 2] : [a, b, c, d];
}

/** The point of `sharesAt`; of four styles the nearest thing to one. @param {readonly number[]} shares @returns {Point} */
export function pointOf(shares) {
  const [a = 0, b = 0, c = 0, d = 0] = shares;
  if (shares.length === 2) return { x: b, y: 0.5 };
  if (shares.length === 4) return { x: b + d, y: c + d };
  const left = (Math.sqrt((b - c) ** 2 + 4 * a) - (b - c)) / 2; // left * top = a, top - left = b - c
  return { x: 1 - left, y: 1 - left - (b - c) };
}
