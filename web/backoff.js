// @ts-check
/**
 * How long to wait before the next attempt to connect. Pure: chance comes in.
 */

export const FIRST_MS = 500;
export const MOST_MS = 5000;

/**
 * 0.5 s × 2ⁿ, ±25 % so that many pages do not return in one breath, at most 5 s.
 * @param {number} attempt from 0
 * @param {number} chance in 0..1
 * @returns {number} ms
 */
export function delayMs(attempt, chance) {
  const wanted = FIRST_MS * 2 ** Math.min(attempt, 20) * (0.75 + 0.5 * chance);
  return Math.min(MOST_MS, wanted);
}
