// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeDrag } from "../../web/range.js";
import { makeLatency } from "../../web/latency.js";

const near = (/** @type {number} */ a, /** @type {number} */ b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} ≠ ${b}`);

test("a drag over the whole length goes from end to end", () => {
  near(makeDrag(0, 0, 200, false).move(200, false), 1);
  near(makeDrag(0.5, 100, 200, false).move(80, false), 0.4);
});

test("shift is ten times finer, and neither pressing nor leaving it jumps", () => {
  const drag = makeDrag(0.5, 0, 100, false);
  near(drag.move(10, false), 0.6);
  near(drag.move(10, true), 0.6);
  near(drag.move(20, true), 0.61);
  near(drag.move(20, false), 0.61);
  near(drag.move(30, false), 0.71);
});

test("a knob turns back at once after its end, a fader waits for the pointer", () => {
  const knob = makeDrag(0.9, 0, 100, false);
  near(knob.move(50, false), 1);
  near(knob.move(40, false), 0.9);
  const fader = makeDrag(0.9, 0, 100, false, true);
  near(fader.move(50, false), 1);
  near(fader.move(40, false), 1);
  near(fader.move(5, false), 0.95);
});

test("latency runs from the move to the first picture of its revision", () => {
  const latency = makeLatency();
  assert.equal(latency.ms(), null);
  latency.sent(1, 100);
  latency.became(1, 7, 0);
  latency.drawn(6, 150);
  assert.equal(latency.ms(), null);
  latency.drawn(8, 190);
  assert.equal(latency.ms(), 90);
});

test("the median of late moves is shown, and foreign answers count for nothing", () => {
  const latency = makeLatency();
  for (const [seq, ms] of /** @type {const} */ ([[1, 50], [2, 500], [3, 60]])) {
    latency.sent(seq, 0);
    latency.became(seq, seq);
    latency.drawn(seq, ms);
  }
  latency.became(99, 4, 0);
  latency.drawn(4, 9999);
  assert.equal(latency.ms(), 60);
});

test("what was sent before a break is forgotten", () => {
  const latency = makeLatency();
  latency.sent(1, 0);
  latency.became(1, 1, 0);
  latency.forget();
  latency.drawn(1, 60_000);
  assert.equal(latency.ms(), null);
});
