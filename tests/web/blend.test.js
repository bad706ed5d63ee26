// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { styleShares } from "../../web/blend.js";

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
