// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { describe, makeNames, readable, titleOf } from "../../web/layers.js";

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

test("a control has one name everywhere: what its layer changes, and the layer's own name beside it", () => {
  const layers = [
    { name: "block3_conv1", effect: "strokes" }, { name: "block3_conv1@2", effect: "shapes" }, { name: "block4_conv1", effect: "shapes" },
  ];
  const rows = [
    { name: "learning_rate", title: "step", style: null }, { name: "style.master", title: "style", style: null },
    { name: "style_gain.2", title: "gain", style: 2 }, { name: "next_scene", title: "", style: null },
  ];
  const { nameOf, layerOf } = makeNames(rows, layers);
  assert.equal(nameOf("style.block3_conv1"), "style strokes");
  assert.equal(nameOf("content.block3_conv1.solo"), "solo content strokes");
  assert.equal(nameOf("freeze.block3_conv1"), "freeze strokes");
  assert.equal(nameOf("style.block3_conv1@2"), "style shapes block3 conv1 ½", "two layers change the same");
  assert.equal(nameOf("block3_conv1"), "strokes");
  assert.deepEqual(["learning_rate", "style.master", "style_gain.2", "next_scene", "scene:dawn"].map(nameOf),
    ["step", "style master", "gain of style B", "next scene", "scene dawn"]);
  assert.deepEqual(["style.block3_conv1@2.mute", "smooth"].map(layerOf), ["block3 conv1 ½", ""]);
});
