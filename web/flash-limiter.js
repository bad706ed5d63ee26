// @ts-check
/**
 * Below three flashes a second (WCAG 2.3.1): the thumbnail of a new picture in, the part of it
 * that may be blended over the shown one out. Pure.
 */

// A flash is a pair of opposing swings: of relative luminance by a tenth where the darker side is
// below 0.8, or of saturated red. The size of the wall in the field of view is unknown, so any
// fortieth of the picture counts: a quarter of ten degrees of a whole screen.

export const COLUMNS = 16;
export const ROWS = 12;
const CELLS = COLUMNS * ROWS;
/** So many cells may flash too often; one more is too large an area. */
const MAX_FLASHING = Math.floor(CELLS / 40);
/** A second, and a margin for the delay until a picture is on the wall. */
const WINDOW_MS = 1100;
/** Three flashes are six swings; the seventh within a second is one too many. */
const SWINGS = 7;
/** Tried in turn; to keep the shown picture is always safe. */
const PARTS = [1, 0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 0.08, 0];

/** sRGB byte → linear light */
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) =>
  byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);

/** Kinds of flash: least size of a swing, the value that swings, and whether one down to `dark` counts. */
const LUMINANCE = {
  minSwing: 0.095, // a tenth, less what rounding hides
  value: (/** @type {number} */ r, /** @type {number} */ g, /** @type {number} */ b) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
  counts: (/** @type {number} */ dark) => dark < 0.8,
};
/** @type {typeof LUMINANCE} (R − G − B) × 320 by more than 20, where red has four fifths of the light */
const RED = {
  minSwing: 20 / 320,
  value: (r, g, b) => (r >= 0.8 * (r + g + b) ? Math.max(0, r - g - b) : 0),
  counts: () => true,
};

/** Counts the swings of one kind, cell by cell. @param {typeof LUMINANCE} kind */
function makeSwingCounter({ minSwing, value: valueOf, counts }) {
  // Extremes since the last swing: a swing leads away from one of them.
  const lows = new Float32Array(CELLS).fill(Infinity);
  const highs = new Float32Array(CELLS).fill(-Infinity);
  const directions = new Int8Array(CELLS);
  // Times of each cell's last swings, a ring buffer.
  const times = new Float64Array(CELLS * SWINGS).fill(-Infinity);
  const nexts = new Uint8Array(CELLS);

  /** @param {Uint8ClampedArray} picture @param {number} cell */
  function cellValue(picture, cell) {
    const light = (/** @type {number} */ channel) => LINEAR[picture[cell * 3 + channel] ?? 0] ?? 0;
    return valueOf(light(0), light(1), light(2));
  }

  /** Direction of the swing that `value` would be: 1, −1, or 0 for none. @param {number} cell @param {number} value */
  function swing(cell, value) {
    const [low = 0, high = 0, direction = 0] = [lows[cell], highs[cell], directions[cell]];
    if (direction <= 0 && value - low >= minSwing && counts(low)) return 1;
    return direction >= 0 && high - value >= minSwing && counts(value) ? -1 : 0;
  }

  return {
    /** Would too large an area flash too often, if this were shown now? @param {Uint8ClampedArray} picture @param {number} now ms */
    exceedsLimit(picture, now) {
      let flashing = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        const at = cell * SWINGS;
        const next = nexts[cell] ?? 0;
        const recent = (/** @type {number} */ place) => (times[at + (place % SWINGS)] ?? 0) > now - WINDOW_MS;
        // Its last seven are within a second, or its last six and this would be another.
        if (recent(next) || (recent(next + 1) && swing(cell, cellValue(picture, cell)))) flashing++;
      }
      return flashing > MAX_FLASHING;
    },

    /** @param {Uint8ClampedArray} picture that is shown @param {number} now ms */
    add(picture, now) {
      for (let cell = 0; cell < CELLS; cell++) {
        const value = cellValue(picture, cell);
        const direction = swing(cell, value);
        const next = nexts[cell] ?? 0;
        lows[cell] = direction ? value : Math.min(lows[cell] ?? value, value);
        highs[cell] = direction ? value : Math.max(highs[cell] ?? value, value);
        if (!direction) continue;
        times[cell * SWINGS + next] = now;
        nexts[cell] = (next + 1) % SWINGS;
        directions[cell] = direction;
      }
    },
  };
}

export function makeFlashLimiter() {
  const counters = [makeSwingCounter(LUMINANCE), makeSwingCounter(RED)];
  /** @type {Uint8ClampedArray | undefined} RGB of what is shown, rounded as a canvas rounds */
  let shown;

  /** @param {ArrayLike<number>} thumbnail @param {number} part */
  const blend = (thumbnail, part) => Uint8ClampedArray.from({ length: CELLS * 3 }, (_, at) => {
    const wanted = thumbnail[Math.floor(at / 3) * 4 + (at % 3)] ?? 0;
    const before = shown?.[at] ?? wanted;
    return before + (wanted - before) * part;
  });

  return {
    /**
     * The part of a picture to blend over the shown one: 1 all, 0 nothing. The blend counts as shown.
     * @param {ArrayLike<number>} thumbnail RGBA bytes of COLUMNS × ROWS
     * @param {number} now ms
     * @param {number} [most] of it that is wanted, such as in a dissolve
     */
    next(thumbnail, now, most = 1) {
      const part = most * (PARTS.find((candidate) => {
        const picture = blend(thumbnail, most * candidate);
        return !counters.some((counter) => counter.exceedsLimit(picture, now));
      }) ?? 0);
      shown = blend(thumbnail, part);
      for (const counter of counters) counter.add(shown, now);
      return part;
    },
  };
}
