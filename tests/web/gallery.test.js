// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { describeLearning, formatLeft } from "../../web/gallery/learning.js";
import { describeLook } from "../../web/gallery/tiles.js";

test("a look is described by its styles and by how much of the style it has", () => {
  const look = { name: "wave", styles: ["wave"], steps: 9, style_left: 0.08, shipped: true, version: "1", error: "" };
  assert.equal(describeLook(look), "92 % of the style");
  assert.equal(describeLook({ ...look, name: "two", styles: ["a", "b"], shipped: false }), "after a, b · 92 % of the style · learned here");
  assert.equal(describeLook({ ...look, style_left: 1.3 }), "0 % of the style");
  assert.equal(describeLook({ ...look, style_left: null }), "");
});

test("what is being learned says how far it is, and how long it takes", () => {
  const learning = /** @type {LearningStatus} */ ({ state: "training", progress: 0.426, style_left: 0.2, seconds_left: 600 });
  assert.equal(describeLearning(learning), "43 % · 10 minutes left · 80 % of the style");
  assert.equal(describeLearning({ ...learning, style_left: null, seconds_left: null }), "43 %");
  assert.equal(describeLearning({ ...learning, state: "waiting" }), "waiting for its turn");
  assert.deepEqual([20, 89, 90, 5399, 5400, 9000].map(formatLeft), [
    "about a minute left", "about a minute left", "2 minutes left", "90 minutes left", "1.5 hours left", "2.5 hours left",
  ]);
});
