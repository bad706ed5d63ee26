// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { formatBinding, formatLearning, formatTarget } from "../../web/panels/midi-learn.js";

test("bindings and the state of learning read as sentences", () => {
  assert.equal(formatTarget("content.block3_conv1"), "content · block3 conv1");
  assert.equal(formatTarget("scene:dawn"), "scene dawn");
  const binding = { target: "smooth", source: "ch 1 CC 7", encoding: "absolute", takeover: "jump", invert: true, learned: true, conflict: "style_mix" };
  assert.equal(formatBinding(binding), "ch 1 CC 7, absolute, jump, inverted; played style mix before");
  assert.match(formatLearning({ target: "smooth" }), /^smooth: move a fader/);
  assert.match(formatLearning({ target: "smooth", device: "nano", source: "ch 1 CC 7" }), /hears ch 1 CC 7 of nano/);
  assert.match(formatLearning({ target: null, source: "ch 1 CC 7", encoding: "signed_bit" }), /^learnt: ch 1 CC 7, signed bit/);
  assert.equal(formatLearning({ target: null }), "");
});
