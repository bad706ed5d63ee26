// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { relativeLevel, stripOrder } from "../../web/channel-strip.js";

test("the bar of a raw loss falls by a third for each decade", () => {
  assert.equal(relativeLevel(50, 50), 1);
  assert.ok(Math.abs(relativeLevel(5, 50) - 2 / 3) < 1e-12);
  assert.equal(relativeLevel(0.001, 50), 0);
  assert.equal(relativeLevel(0, 0), 0);
});

/** @param {string[]} widgets */
const order = (...widgets) => stripOrder(/** @type {any} */ (widgets.map((widget, n) => ({ name: `${n}`, widget }))))
  .map(({ name, column }) => [name, column]);

test("knobs stand left of faders, two columns each", () => {
  assert.deepEqual(order("fader", "knob"), [["1", 1], ["0", 3]]);
  assert.deepEqual(order("fader", "knob", "knob"), [["1", 1], ["2", 3], ["0", 5]]);
  assert.deepEqual(order("knob"), [["0", 1]]);
});
