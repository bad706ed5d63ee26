// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { clampView, FIT, pinch, zoomAt } from "../../web/panels/pan-zoom.js";

// 600 × 450 px on a stage of 800 × 500, painted at 300 × 225: a real pixel is half a fit.
const layout = { size: { x: 600, y: 450 }, stage: { x: 800, y: 500 }, pixelScale: 0.5 };

/**
 * Which part of the picture lies at a point of the stage.
 * @param {import("../../web/panels/pan-zoom.js").View} view
 * @param {import("../../web/panels/pan-zoom.js").Point} at
 */
const under = (view, at) => [(at.x - view.x) / view.scale, (at.y - view.y) / view.scale];
const close = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
  a.forEach((value, index) => assert.ok(Math.abs(value - (b[index] ?? NaN)) < 1e-9, `${a} ${b}`));

test("what lies under the pointer stays there", () => {
  const at = { x: 120, y: -40 };
  const first = zoomAt(FIT, 3, at, layout);
  close(under(first, at), under(FIT, at));
  close(under(zoomAt(first, 1.5, at, layout), at), under(FIT, at));
});

test("back at its fit it lies in the middle again", () => {
  const near = zoomAt(FIT, 3, { x: 200, y: 100 }, layout);
  assert.deepEqual(zoomAt(near, 1 / 3, { x: -90, y: 10 }, layout), FIT);
});

test("it goes no nearer than 16 screen pixels a pixel, no farther than fit or 1:1", () => {
  assert.equal(zoomAt(FIT, 1000, { x: 0, y: 0 }, layout).scale, 8);
  assert.equal(zoomAt(FIT, 0.001, { x: 0, y: 0 }, layout).scale, 0.5);
  assert.equal(zoomAt(FIT, 0.001, { x: 0, y: 0 }, { ...layout, pixelScale: 3 }).scale, 1);
});

test("it cannot be pushed out of sight", () => {
  assert.deepEqual(clampView({ scale: 2, x: 9999, y: -9999 }, layout), { scale: 2, x: 200, y: -200 });
  const small = clampView({ scale: 0.5, x: 9999, y: 9999 }, layout);
  assert.deepEqual([small.x + 150, small.y + 112.5], [400, 250]); // its edges at the stage's
  assert.deepEqual(clampView({ scale: 1, x: 50, y: 50 }, layout), FIT);
});

test("two fingers carry what lies under them", () => {
  const view = zoomAt(FIT, 3, { x: 0, y: 0 }, layout);
  /** @type {[import("../../web/panels/pan-zoom.js").Point, import("../../web/panels/pan-zoom.js").Point]} */
  const before = [{ x: -50, y: 0 }, { x: 50, y: 0 }];
  /** @type {typeof before} */
  const after = [{ x: -80, y: 30 }, { x: 120, y: 30 }];
  const next = pinch(view, before, after, layout);
  assert.equal(next.scale, 6);
  close(under(next, after[0]), under(view, before[0]));
  close(under(next, after[1]), under(view, before[1]));
});

test("two fingers on one spot do no harm", () => {
  const spot = { x: 1, y: 1 };
  const view = pinch(FIT, [spot, spot], [spot, spot], layout);
  assert.ok(Number.isFinite(view.scale) && Number.isFinite(view.x));
});
