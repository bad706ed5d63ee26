// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeLatency } from "../../web/latency.js";

test("latency runs from the move to the first picture of its revision", () => {
  const latency = makeLatency();
  assert.equal(latency.medianMs(), null);
  latency.sent(1, 100);
  latency.acknowledged(1, 7, 0);
  assert.equal(latency.drawn(6, 150), null);
  assert.equal(latency.medianMs(), null);
  assert.equal(latency.drawn(8, 190), 90);
  assert.equal(latency.drawn(9, 230), null, "this picture shows no move");
  assert.equal(latency.medianMs(), 90);
});

test("the median of late moves is shown, and answers to others do not count", () => {
  const latency = makeLatency();
  for (const [seq, ms] of /** @type {const} */ ([[1, 50], [2, 500], [3, 60]])) {
    latency.sent(seq, 0);
    latency.acknowledged(seq, seq);
    latency.drawn(seq, ms);
  }
  latency.acknowledged(99, 4, 0);
  latency.drawn(4, 9999);
  assert.equal(latency.medianMs(), 60);
});

test("what was sent before a reset no longer counts", () => {
  const latency = makeLatency();
  latency.sent(1, 0);
  latency.acknowledged(1, 1, 0);
  latency.reset();
  latency.drawn(1, 60_000);
  assert.equal(latency.medianMs(), null);
});
