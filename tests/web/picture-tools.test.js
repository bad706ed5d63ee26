// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeRender, renderSize } from "../../web/panels/picture-tools.js";

test("how far a large picture is, in words", () => {
  const job = { width: 2048, height: 1536, progress: 0.349, seconds_left: 600, error: "" };
  const words = (/** @type {RenderStatus["state"]} */ state) => describeRender({ ...job, state });
  assert.equal(words("painting"), "2048 × 1536 px: 34 % · 10 min left");
  assert.equal(describeRender({ ...job, state: "painting", seconds_left: null }), "2048 × 1536 px: 34 %");
  assert.equal(words("starting"), "2048 × 1536 px: starting");
  assert.equal(words("waiting"), "2048 × 1536 px: waiting");
  assert.equal(words("failed"), "2048 × 1536 px: failed");
  assert.match(describeRender({ ...job, state: "painting", seconds_left: 30 }), /1 min left$/);
  assert.match(describeRender({ ...job, state: "painting", seconds_left: 9000 }), /2\.5 h left$/);
});

test("both edges of a large picture follow its shape", () => {
  assert.equal(renderSize(2048, { width: 320, height: 240 }), "2048 × 1536");
  assert.equal(renderSize(2048, { width: 0, height: 0 }), "2048 px");
  assert.equal(renderSize(1024, { width: 100, height: 200 }), "512 × 1024");
});
