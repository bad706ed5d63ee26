// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { describe, readable, titleOf } from "../../web/layers.js";

test("names are read without underscores, and a smaller picture as a fraction", () => {
  assert.equal(readable("block3_conv1"), "block3 conv1");
  assert.equal(readable("block3_conv1@2"), "block3 conv1 ½");
  assert.equal(readable("style.block3_conv4@4.solo"), "style.block3 conv4 ¼.solo");
  assert.equal(readable("mixed4c@3"), "mixed4c 1/3");
});

test("a control without a title shows its name", () => {
  assert.equal(titleOf({ name: "learning_rate", title: "" }), "learning rate");
  assert.equal(titleOf({ name: "learning_rate", title: "step" }), "step");
});

test("the sentence of a term names what its layer is about", () => {
  const term = /** @type {TermRow} */ ({ raised: "more of the style picture's {effect}" });
  assert.equal(describe(term, { name: "block3_conv1", field_px: 24, effect: "strokes" }), "up: more of the style picture's strokes");
});
