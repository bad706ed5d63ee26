// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { effectName, layerLabel, receptiveField } from "../../web/layers.js";

test("the receptive fields of vgg16's eight are those of the literature", () => {
  const layers = {
    block1_conv2: 5, block2_conv1: 10, block2_conv2: 14, block3_conv1: 24, block3_conv3: 40,
    block4_conv1: 60, block4_conv3: 92, block5_conv1: 132,
  };
  for (const [layer, side] of Object.entries(layers)) {
    assert.equal(receptiveField(layer, "vgg16"), side, layer);
  }
});

test("vgg19 and lite have one more convolution in block 3, so block 4 sees farther", () => {
  assert.equal(receptiveField("block3_conv4", "lite"), 48);
  assert.equal(receptiveField("block4_conv1", "vgg19"), 68);
});

test("a name of another make has no receptive field and still a word", () => {
  assert.equal(receptiveField("mixed4c", "inception"), null);
  assert.equal(effectName(null), "layer");
});

test("all layers of a network have words of their own", () => {
  const sides = [3, 5, 10, 14, 24, 32, 40, 48];
  assert.equal(new Set(sides.map(effectName)).size, sides.length);
  assert.equal(effectName(252), "figures");
});

test("names are read without underscores", () => {
  assert.equal(layerLabel("block3_conv1"), "block3 conv1");
});
