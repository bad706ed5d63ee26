// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { fallen } from "../../web/channel-strip.js";

test("the bar of a raw loss falls by a third for each decade", () => {
  assert.equal(fallen(50, 50), 1);
  assert.ok(Math.abs(fallen(5, 50) - 2 / 3) < 1e-12);
  assert.equal(fallen(0.001, 50), 0);
  assert.equal(fallen(0, 0), 0);
});
