// @ts-check
/**
 * Keeps a projected picture below three flashes a second (WCAG 2.3.1). Each new picture comes
 * in as a thumbnail, how much of it may be blended over the shown one goes out. Pure.
 *
 * A flash is a pair of opposing swings: of relative luminance by a tenth where the darker side
 * is below 0.8, or of saturated red. Nobody knows how large the wall is to the eye, so what
 * counts is any fortieth of the picture: a quarter of ten degrees of a whole screen.
 */

export const COLUMNS = 16;
export const ROWS = 12;
const CELLS = COLUMNS * ROWS;
/** So many cells may flash too often; one more is too large an area. */
const SPARED = Math.floor(CELLS / 40);
/** A second, and what it may take until a picture is on the wall. */
const WINDOW_MS = 1100;
/** Three flashes are six swings; the seventh within a second is one too many. */
const SWINGS = 7;
/** Tried in turn; nothing of the new picture is always harmless. */
const PARTS = [1, 0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 0.08, 0];

/** sRGB byte → linear light */
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) =>
  byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);

/** How far a swing is, the value that swings, from linear light, and does it count between these two? */
const LIGHT = {
  step: 0.095, // a tenth, less what rounding hides
  of: (/** @type {number} */ r, /** @type {number} */ g, /** @type {number} */ b) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
  counts: (/** @type {number} */ dark) => dark < 0.8,
};
/** @type {typeof LIGHT} (R − G − B) × 320 by more than 20, where red has four fifths of the light */
const RED = {
  step: 20 / 320,
  of: (r, g, b) => (r >= 0.8 * (r + g + b) ? Math.max(0, r - g - b) : 0),
  counts: () => true,
};

/** The swings of one kind, cell by cell. @param {typeof LIGHT} kind */
function makeSwings({ step, of, counts }) {
  // Extremes since the last swing: a swing leads away from one of them.
  const lows = new Float32Array(CELLS).fill(Infinity);
  const highs = new Float32Array(CELLS).fill(-Infinity);
  const ways = new Int8Array(CELLS);
  // Times of each cell's last swings, as a ring.
  const times = new Float64Array(CELLS * SWINGS).fill(-Infinity);
  const nexts = new Uint8Array(CELLS);

  /** @param {Uint8ClampedArray} picture @param {number} cell */
  function valueOf(picture, cell) {
    const light = (/** @type {number} */ colour) => LINEAR[picture[cell * 3 + colour] ?? 0] ?? 0;
    return of(light(0), light(1), light(2));
  }

  /** The way of the swing that `value` would be, or 0. @param {number} cell @param {number} value */
  function swing(cell, value) {
    const [low = 0, high = 0, way = 0] = [lows[cell], highs[cell], ways[cell]];
    if (way <= 0 && value - low >= step && counts(low)) return 1;
    return way >= 0 && high - value >= step && counts(value) ? -1 : 0;
  }

  return {
    /** Is the area too large that would flash too often, if this were shown now? @param {Uint8ClampedArray} picture @param {number} now ms */
    harm(picture, now) {
      let bad = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        const at = cell * SWINGS;
        const next = nexts[cell] ?? 0;
        const recent = (/** @type {number} */ place) => (times[at + (place % SWINGS)] ?? 0) > now - WINDOW_MS;
        // Its last seven are within a second, or its last six and this would be another.
        if (recent(next) || (recent(next + 1) && swing(cell, valueOf(picture, cell)))) bad++;
      }
      return bad > SPARED;
    },

    /** @param {Uint8ClampedArray} picture that is shown @param {number} now ms */
    take(picture, now) {
      for (let cell = 0; cell < CELLS; cell++) {
        const value = valueOf(picture, cell);
        const way = swing(cell, value);
        const next = nexts[cell] ?? 0;
        lows[cell] = way ? value : Math.min(lows[cell] ?? value, value);
        highs[cell] = way ? value : Math.max(highs[cell] ?? value, value);
        if (!way) continue;
        times[cell * SWINGS + next] = now;
        nexts[cell] = (next + 1) % SWINGS;
        ways[cell] = way;
      }
    },
  };
}

export function makeFlashLimiter() {
  const kinds = [makeSwings(LIGHT), makeSwings(RED)];
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
     * How much of a picture to blend over what is shown: 1 all, 0 nothing. That counts as shown.
     * @param {ArrayLike<number>} thumbnail RGBA bytes of COLUMNS × ROWS
     * @param {number} now ms
     */
    next(thumbnail, now) {
      const part = PARTS.find((one) => {
        const picture = blend(thumbnail, one);
        return !kinds.some((kind) => kind.harm(picture, now));
      }) ?? 0;
      shown = blend(thumbnail, part);
      for (const kind of kinds) kind.take(shown, now);
      return part;
    },
  };
}
