// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { COLUMNS, makeFlashLimiter, ROWS } from "../../web/flash-limiter.js";

const CELLS = COLUMNS * ROWS;
/** @typedef {[number, number, number]} Colour */
const BLACK = /** @type {Colour} */ ([0, 0, 0]);
const WHITE = /** @type {Colour} */ ([255, 255, 255]);

/**
 * A picture of one colour in its first cells, of another in the rest.
 * @param {Colour} colour
 * @param {number} [cells]
 * @param {Colour} [rest]
 */
function picture(colour, cells = CELLS, rest = BLACK) {
  return Array.from({ length: CELLS }, (_, cell) => [...(cell < cells ? colour : rest), 255]).flat();
}

/**
 * What an audience sees: each picture blended in as the limiter allows.
 * @param {number[][]} pictures
 * @param {number} period ms
 */
function project(pictures, period) {
  const limiter = makeFlashLimiter();
  /** @type {number[]} */
  let shown = [];
  const seen = pictures.map((next, index) => {
    const part = limiter.next(next, index * period);
    shown = next.map((value, at) => {
      const before = shown[at] ?? value;
      return Math.round(before + (value - before) * part); // bytes, as on a canvas
    });
    return { at: index * period, part, shown };
  });
  return { seen, parts: seen.map(({ part }) => part) };
}

/** @param {number} byte */
function linear(byte) {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

/**
 * The most flashes of a second that at least `least` cells show: by the definition, the slow
 * way, and without the code under test.
 * @param {{at: number, shown: number[]}[]} seen
 * @param {number} least
 */
function worstSecond(seen, least) {
  const times = Array.from({ length: CELLS }, (_, cell) => swings(seen.map(({ at, shown }) => {
    const [r, g, b] = [0, 1, 2].map((band) => linear(shown[cell * 4 + band] ?? 0));
    return { at, value: 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0) };
  })));
  let worst = 0;
  for (const { at } of seen) {
    const counts = times.map((one) => one.filter((time) => time > at - 1000 && time <= at).length);
    worst = Math.max(worst, counts.sort((a, b) => b - a)[least - 1] ?? 0);
  }
  return Math.floor(worst / 2);
}

/**
 * When a value swings by a tenth, and back.
 * @param {{at: number, value: number}[]} values
 */
function swings(values) {
  const found = [];
  let turn = values[0]?.value ?? 0;
  let way = 0;
  for (const { at, value } of values) {
    const far = Math.abs(value - turn) >= 0.1 && Math.min(value, turn) < 0.8;
    if (way === 0 ? far : Math.sign(value - turn) === -way && far) {
      way = Math.sign(value - turn);
      turn = value;
      found.push(at);
    } else if (way !== 0 && Math.sign(value - turn) === way) turn = value;
  }
  return found;
}

test("a painting that changes calmly is shown as it is", () => {
  const fade = Array.from({ length: 100 }, (_, n) => picture([2 * n, n, 255 - 2 * n]));
  assert.ok(project(fade, 50).parts.every((part) => part === 1));
});

test("three flashes in a second pass, the fourth does not", () => {
  const strobe = Array.from({ length: 60 }, (_, n) => picture(n % 2 ? WHITE : BLACK));
  const { seen, parts } = project(strobe, 50);
  assert.deepEqual(parts.slice(0, 7), [1, 1, 1, 1, 1, 1, 1]);
  assert.ok((parts[7] ?? 1) < 1);
  assert.equal(worstSecond(seen, 5), 3);
  // The check itself sees what the limiter takes away.
  assert.equal(worstSecond(strobe.map((shown, n) => ({ at: n * 50, shown })), 5), 10);
});

test("flashing once a second is left alone", () => {
  const slow = Array.from({ length: 100 }, (_, n) => picture(n % 20 < 10 ? WHITE : BLACK));
  assert.ok(project(slow, 50).parts.every((part) => part === 1));
});

test("a spot may flicker, a fortieth of the picture may not", () => {
  const flicker = (/** @type {number} */ cells) =>
    project(Array.from({ length: 40 }, (_, n) => picture(n % 2 ? WHITE : BLACK, cells)), 50).parts;
  assert.ok(flicker(4).every((part) => part === 1));
  assert.ok(flicker(5).some((part) => part < 1));
});

test("flicker between bright and brighter does no harm", () => {
  const bright = Array.from({ length: 40 }, (_, n) => picture(n % 2 ? WHITE : [235, 235, 235]));
  assert.ok(project(bright, 50).parts.every((part) => part === 1));
});

test("saturated red counts also where its light stays the same", () => {
  const red = Array.from({ length: 40 }, (_, n) => picture(n % 2 ? [255, 0, 0] : [127, 127, 127]));
  assert.ok(project(red, 50).parts.some((part) => part < 1));
  const green = Array.from({ length: 40 }, (_, n) => picture(n % 2 ? [0, 150, 0] : [127, 127, 127]));
  assert.ok(project(green, 50).parts.every((part) => part === 1));
});

test("when the flashing ends, the picture arrives within two seconds", () => {
  const strobe = Array.from({ length: 40 }, (_, n) => picture(n % 2 ? WHITE : BLACK));
  const still = Array.from({ length: 40 }, () => picture([200, 180, 40]));
  const { seen, parts } = project([...strobe, ...still], 50);
  assert.equal(parts.at(-1), 1);
  assert.deepEqual(seen.at(-1)?.shown, picture([200, 180, 40]));
});

test("no stream whatever makes it flash more than three times a second", () => {
  let seed = 7;
  const random = () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31);
  for (let run = 0; run < 12; run++) {
    const [period, blocks] = [20 + 60 * random(), 1 + Math.floor(40 * random())];
    const stream = Array.from({ length: 80 }, () => {
      const levels = Array.from({ length: blocks }, () => Math.floor(256 * random()));
      return Array.from({ length: CELLS }, (_, cell) => {
        const grey = levels[cell % blocks] ?? 0;
        return [grey, grey, grey, 255];
      }).flat();
    });
    assert.ok(worstSecond(project(stream, period).seen, 5) <= 3, `run ${run}`);
  }
});

test("of a dissolve no more is blended in than is due, and no more than is allowed", () => {
  const limiter = makeFlashLimiter();
  limiter.next(picture(BLACK), 0);
  assert.equal(limiter.next(picture(WHITE), 20, 0.25), 0.25);
  const parts = Array.from({ length: 40 }, (_, index) => limiter.next(picture(index % 2 ? WHITE : BLACK), 40 + 20 * index, 0.9));
  assert.equal(Math.max(...parts), 0.9);
  assert.ok(Math.min(...parts) < 0.9);
});
