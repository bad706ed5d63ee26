// @ts-check
/**
 * How much of each style is in the blend, parts of 1: the maths of `style_shares` in `controls.py`. Pure.
 */

/** @param {(name: string) => number} position `style_mix` and the gains are linear, 0..1 @param {number} styles */
export function styleShares(position, styles) {
  const mix = position("style_mix");
  const gains = Array.from({ length: styles }, (_, index) => ([1 - mix, mix][index] ?? 1) * position(`style_gain.${index + 1}`));
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return gains.map((gain, index) => (total ? gain / total : Number(index === 0)));
}
