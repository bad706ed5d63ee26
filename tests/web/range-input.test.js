// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeDrag } from "../../web/range-input.js";

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
