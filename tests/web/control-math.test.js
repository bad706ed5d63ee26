// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { positionOf, termWeights, ticks, valueAt } from "../../web/control-math.js";

/** @type {import("../../web/control-math.js").Curve} */
const weight = { curve: "log_off", low: 0.01, high: 100 };
/** @type {import("../../web/control-math.js").Curve} */
const rate = { curve: "log", low: 0.1, high: 25 };
/** @type {import("../../web/control-math.js").Curve} */
const part = { curve: "linear", low: 2, high: 4 };

test("the middle of a weight is exactly one, its bottom exactly off", () => {
  assert.equal(valueAt(weight, 0.5), 1);
  assert.equal(valueAt(weight, 0), 0);
  assert.equal(valueAt(weight, 1), 100);
});

test("a logarithmic control without off ends at its low value", () => {
  assert.ok(Math.abs(valueAt(rate, 0) - 0.1) < 1e-12);
  assert.ok(Math.abs(valueAt(rate, 1) - 25) < 1e-9);
});

test("equal moves multiply by equal factors", () => {
  const factor = valueAt(weight, 0.6) / valueAt(weight, 0.5);
  assert.ok(Math.abs(valueAt(weight, 0.9) / valueAt(weight, 0.8) - factor) < 1e-9);
});

test("a position survives the way to its value and back", () => {
  for (const row of [weight, rate, part]) {
    for (const position of [0, 0.001, 0.25, 0.5, 0.77, 1]) {
      assert.ok(Math.abs(positionOf(row, valueAt(row, position)) - position) < 1e-9);
    }
  }
});

test("a value beyond the scale is drawn at its end", () => {
  assert.equal(positionOf(weight, 10_000), 1);
  assert.equal(positionOf(weight, 0.0001), 0);
  assert.equal(positionOf(weight, 0), 0);
});

test("the scale of a weight has marks at the powers of ten", () => {
  assert.deepEqual(ticks(weight).map(({ value }) => value), [0.01, 0.1, 1, 10, 100]);
  assert.deepEqual(ticks(weight).map(({ position }) => position), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(ticks(rate).map(({ value }) => value), [0.1, 1, 10]);
  assert.deepEqual(ticks(part).map(({ value }) => value), [2, 2.5, 3, 3.5, 4]);
});

const layers = ["a", "b"];
/** @param {Record<string, number>} positions */
function weights(positions) {
  const row = () => /** @type {ControlRow} */ ({ ...weight });
  const position = (/** @type {string} */ name) =>
    positions[name] ?? (/mute|solo/.test(name) ? 0 : 0.5);
  return termWeights(row, position, layers, ["content", "style"]);
}

test("a weight is fader times master", () => {
  assert.deepEqual(weights({ "content.a": 0.75, "content.master": 0.25 }), [[1, 0.1], [1, 1]]);
});

test("a muted term has no weight", () => {
  assert.deepEqual(weights({ "style.b.mute": 1 }), [[1, 1], [1, 0]]);
});

test("a solo of one kind silences the other kind too", () => {
  assert.deepEqual(weights({ "style.b.solo": 1 }), [[0, 0], [0, 1]]);
});

test("between two scenes a mute or solo is a part of one", () => {
  assert.deepEqual(weights({ "content.b.solo": 0.5, "style.a.mute": 0.25 }), [[0.5, 1], [0.375, 0.5]]);
});

test("mute wins over solo", () => {
  assert.deepEqual(weights({ "style.b.solo": 1, "style.b.mute": 1 }), [[0, 0], [0, 0]]);
});
