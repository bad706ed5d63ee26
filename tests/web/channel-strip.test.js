// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { relativeLevel } from "../../web/channel-strip.js";

test("the bar of a raw loss falls by a third for each decade", () => {
  assert.equal(relativeLevel(50, 50), 1);
  assert.ok(Math.abs(relativeLevel(5, 50) - 2 / 3) < 1e-12);
  assert.equal(relativeLevel(0.001, 50), 0);
  assert.equal(relativeLevel(0, 0), 0);
});
