// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { FIT, held, pinched, zoomed } from "../../web/panels/pan-zoom.js";

// 600 × 450 px on a stage of 800 × 500, painted at 300 × 225: a real pixel is half a fit.
const room = { size: { x: 600, y: 450 }, stage: { x: 800, y: 500 }, one: 0.5 };

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
  const first = zoomed(FIT, 3, at, room);
  close(under(first, at), under(FIT, at));
  close(under(zoomed(first, 1.5, at, room), at), under(FIT, at));
});

test("back at its fit it lies in the middle again", () => {
  const near = zoomed(FIT, 3, { x: 200, y: 100 }, room);
  assert.deepEqual(zoomed(near, 1 / 3, { x: -90, y: 10 }, room), FIT);
});

test("it goes no nearer than 16 screen pixels a pixel, no farther than fit or 1:1", () => {
  assert.equal(zoomed(FIT, 1000, { x: 0, y: 0 }, room).scale, 8);
  assert.equal(zoomed(FIT, 0.001, { x: 0, y: 0 }, room).scale, 0.5);
  assert.equal(zoomed(FIT, 0.001, { x: 0, y: 0 }, { ...room, one: 3 }).scale, 1);
});

test("it cannot be pushed out of sight", () => {
  assert.deepEqual(held({ scale: 2, x: 9999, y: -9999 }, room), { scale: 2, x: 200, y: -200 });
  const small = held({ scale: 0.5, x: 9999, y: 9999 }, room);
  assert.deepEqual([small.x + 150, small.y + 112.5], [400, 250]); // its edges at the stage's
  assert.deepEqual(held({ scale: 1, x: 50, y: 50 }, room), FIT);
});

test("two fingers carry what lies under them", () => {
  const view = zoomed(FIT, 3, { x: 0, y: 0 }, room);
  /** @type {[import("../../web/panels/pan-zoom.js").Point, import("../../web/panels/pan-zoom.js").Point]} */
  const before = [{ x: -50, y: 0 }, { x: 50, y: 0 }];
  /** @type {typeof before} */
  const after = [{ x: -80, y: 30 }, { x: 120, y: 30 }];
  const next = pinched(view, before, after, room);
  assert.equal(next.scale, 6);
  close(under(next, after[0]), under(view, before[0]));
  close(under(next, after[1]), under(view, before[1]));
});

test("two fingers on one spot do no harm", () => {
  const spot = { x: 1, y: 1 };
  const view = pinched(FIT, [spot, spot], [spot, spot], room);
  assert.ok(Number.isFinite(view.scale) && Number.isFinite(view.x));
});
