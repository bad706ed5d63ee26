// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { blendControls, blendIn, blendPositions, blendTarget, pointOf, sharesAt, styleShares } from "../../web/panels/blend-math.js";

/** @param {Record<string, number>} positions @param {number} styles */
const shares = (positions, styles) => styleShares((name) => positions[name] ?? 0, styles);

test("one style is all of the blend, whatever its gain", () => {
  assert.deepEqual(shares({ "style_gain.1": 0.3 }, 1), [1]);
  assert.deepEqual(shares({}, 1), [1]);
});

test("the mix leads from the first style to the second", () => {
  const gains = { "style_gain.1": 1, "style_gain.2": 1 };
  assert.deepEqual(shares({ ...gains, style_mix: 0 }, 2), [1, 0]);
  assert.deepEqual(shares({ ...gains, style_mix: 0.25 }, 2), [0.75, 0.25]);
});

test("gains weigh all, and the parts are one", () => {
  const all = shares({ style_mix: 0.5, "style_gain.1": 1, "style_gain.2": 0.5, "style_gain.3": 0.25 }, 4);
  assert.deepEqual(all, [0.5, 0.25, 0.25, 0]);
});

test("where nothing is left it is the first style alone", () => {
  assert.deepEqual(shares({ style_mix: 1, "style_gain.1": 1 }, 3), [1, 0, 0]);
});

/** @param {readonly number[]} actual @param {readonly number[]} expected */
function assertNear(actual, expected) {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of expected.entries()) assert.ok(Math.abs((actual[index] ?? NaN) - value) < 1e-9, `${actual} is not ${expected}`);
}

test("controls are found for any shares, and give them back", () => {
  assert.deepEqual(blendControls(2), ["style_mix", "style_gain.1", "style_gain.2"]);
  for (const wanted of [[1, 0], [0.25, 0.75], [0, 0, 1], [0.2, 0.3, 0.5], [0.1, 0.2, 0.3, 0.4], [0, 1, 0, 0]]) {
    const positions = blendPositions(wanted);
    assert.deepEqual(Object.keys(positions), blendControls(wanted.length));
    assert.ok(Object.values(positions).every((position) => position >= 0 && position <= 1), JSON.stringify(positions));
    assertNear(shares(positions, wanted.length), wanted);
  }
});

test("a style that comes in gets an equal part, and the others keep their proportion", () => {
  assertNear(blendIn([1, 0], 1), [0.5, 0.5]);
  assertNear(blendIn([0.75, 0.25, 0], 2), [0.5, 1 / 6, 1 / 3]);
  assertNear(blendIn([0.1, 0.9], 1), [0.1, 0.9]); // more is left to it
  assertNear(blendIn([0, 1], 1), [0, 1]);
});

test("one more picture is one more style, and of four takes the place of the least", () => {
  assert.equal(blendTarget([1]), 2);
  assert.equal(blendTarget([0.5, 0.5, 0]), 4);
  assert.equal(blendTarget([0.4, 0.1, 0.3, 0.2]), 2);
  assert.equal(blendTarget([0.25, 0.25, 0.25, 0.25]), 4);
});

test("each corner of the pad is a style alone, the middle all of them", () => {
  const corners = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 0, y: 1 }, { x: 1, y: 1 }];
  for (const [index, corner] of corners.entries()) {
    assertNear(sharesAt(corner, 4), [0, 1, 2, 3].map((style) => Number(style === index)));
  }
  assertNear(sharesAt({ x: 0.5, y: 0.5 }, 4), [0.25, 0.25, 0.25, 0.25]);
  assertNear(sharesAt({ x: 0.25, y: 0.5 }, 4), [0.375, 0.125, 0.375, 0.125]);
  assertNear(sharesAt({ x: 1, y: 1 }, 3), [0, 0.5, 0.5]);
  assertNear(sharesAt({ x: 0.3, y: 1 }, 2), [0.7, 0.3]);
});

test("the puck stands where the shares are", () => {
  for (const styles of [2, 3, 4]) {
    for (const x of [0, 0.2, 0.5, 1]) {
      for (const y of styles === 2 ? [0.5] : [0, 0.3, 0.5, 1]) {
        const point = pointOf(sharesAt({ x, y }, styles));
        assertNear([point.x, point.y], [x, y]);
      }
    }
  }
  assertNear(sharesAt(pointOf([0.2, 0.3, 0.5]), 3), [0.2, 0.3, 0.5]);
});
