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

/** @type {Float32Array} sRGB byte → linear light */
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
});

/** What swings: how far is a swing, and does it count between these two? */
const KINDS = [
  {
    step: 0.095, // a tenth, less what rounding hides
    of: (/** @type {number} */ r, /** @type {number} */ g, /** @type {number} */ b) =>
      0.2126 * r + 0.7152 * g + 0.0722 * b,
    counts: (/** @type {number} */ a, /** @type {number} */ b) => Math.min(a, b) < 0.8,
  },
  {
    // (R − G − B) × 320 by more than 20, where red has four fifths of the light.
    step: 20 / 320,
    of: (/** @type {number} */ r, /** @type {number} */ g, /** @type {number} */ b) =>
      r >= 0.8 * (r + g + b) ? Math.max(0, r - g - b) : 0,
    counts: () => true,
  },
];

/** The swings of one kind, cell by cell. */
class Swings {
  #kind;
  /** Extremes since the last swing: a swing leads away from one of them. */
  #low = new Float32Array(CELLS).fill(Infinity);
  #high = new Float32Array(CELLS).fill(-Infinity);
  #way = new Int8Array(CELLS);
  /** Times of each cell's last swings, as a ring. */
  #times = new Float64Array(CELLS * SWINGS).fill(-Infinity);
  #next = new Uint8Array(CELLS);

  /** @param {typeof KINDS[number]} kind */
  constructor(kind) {
    this.#kind = kind;
  }

  /**
   * The way of the swing that `value` would be, or 0.
   * @param {number} cell
   * @param {number} value
   */
  #swing(cell, value) {
    const { step, counts } = this.#kind;
    const [low = 0, high = 0, way = 0] = [this.#low[cell], this.#high[cell], this.#way[cell]];
    if (way <= 0 && value - low >= step && counts(low, value)) return 1;
    if (way >= 0 && high - value >= step && counts(value, high)) return -1;
    return 0;
  }

  /**
   * Does the cell flash too often, if it takes this value now?
   * @param {number} cell
   * @param {number} value
   * @param {number} now ms
   */
  tooOften(cell, value, now) {
    const at = cell * SWINGS;
    const next = this.#next[cell] ?? 0;
    const since = now - WINDOW_MS;
    if ((this.#times[at + next] ?? 0) > since) return true; // its last seven are within a second
    const last = this.#times[at + ((next + 1) % SWINGS)] ?? 0;
    return last > since && this.#swing(cell, value) !== 0;
  }

  /**
   * @param {number} cell
   * @param {number} value
   * @param {number} now ms
   */
  take(cell, value, now) {
    const way = this.#swing(cell, value);
    if (way) {
      const next = this.#next[cell] ?? 0;
      this.#times[cell * SWINGS + next] = now;
      this.#next[cell] = (next + 1) % SWINGS;
      this.#way[cell] = way;
      this.#low[cell] = this.#high[cell] = value;
    } else {
      this.#low[cell] = Math.min(this.#low[cell] ?? value, value);
      this.#high[cell] = Math.max(this.#high[cell] ?? value, value);
    }
  }
}

export class FlashLimiter {
  #kinds = KINDS.map((kind) => ({ of: kind.of, swings: new Swings(kind) }));
  /** @type {Uint8ClampedArray | null} RGB of what is shown, rounded as a canvas rounds */
  #shown = null;

  /**
   * A picture wants to be shown. What is allowed counts as shown.
   * @param {ArrayLike<number>} thumbnail RGBA bytes of COLUMNS × ROWS
   * @param {number} now ms
   * @returns {number} how much of it to blend over what is shown: 1 all, 0 nothing
   */
  next(thumbnail, now) {
    const part = this.#shown
      ? (PARTS.find((one) => this.#harmless(this.#blend(thumbnail, one), now)) ?? 0) : 1;
    const shown = this.#blend(thumbnail, part);
    for (const { of, swings } of this.#kinds) {
      for (let cell = 0; cell < CELLS; cell++) swings.take(cell, valueOf(shown, cell, of), now);
    }
    this.#shown = shown;
    return part;
  }

  /**
   * @param {Uint8ClampedArray} picture
   * @param {number} now ms
   */
  #harmless(picture, now) {
    return this.#kinds.every(({ of, swings }) => {
      let bad = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        if (swings.tooOften(cell, valueOf(picture, cell, of), now) && ++bad > SPARED) return false;
      }
      return true;
    });
  }

  /**
   * @param {ArrayLike<number>} thumbnail
   * @param {number} part
   */
  #blend(thumbnail, part) {
    const picture = new Uint8ClampedArray(CELLS * 3);
    for (let at = 0; at < picture.length; at++) {
      const wanted = thumbnail[Math.floor(at / 3) * 4 + (at % 3)] ?? 0;
      const shown = this.#shown?.[at] ?? wanted;
      picture[at] = shown + (wanted - shown) * part;
    }
    return picture;
  }
}

/**
 * @param {Uint8ClampedArray} picture
 * @param {number} cell
 * @param {(r: number, g: number, b: number) => number} of
 */
function valueOf(picture, cell, of) {
  const light = (/** @type {number} */ at) => LINEAR[picture[cell * 3 + at] ?? 0] ?? 0;
  return of(light(0), light(1), light(2));
}
