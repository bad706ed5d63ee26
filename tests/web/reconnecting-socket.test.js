// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { retryDelayMs } from "../../web/reconnecting-socket.js";

test("attempts are half a second apart, then twice that, at most five seconds", () => {
  const middle = [0, 1, 2, 3, 4, 50].map((attempt) => retryDelayMs(attempt, 0.5));
  assert.deepEqual(middle, [500, 1000, 2000, 4000, 5000, 5000]);
});

test("chance spreads an attempt by a quarter each way", () => {
  assert.equal(retryDelayMs(1, 0), 750);
  assert.equal(retryDelayMs(1, 1), 1250);
  assert.equal(retryDelayMs(4, 1), 5000);
});
