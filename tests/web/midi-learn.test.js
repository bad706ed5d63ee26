// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { bindingWords, learningWords, targetWords } from "../../web/panels/midi-learn.js";

test("what is learnt is told in sentences", () => {
  assert.equal(targetWords("content.block3_conv1"), "content · block3 conv1");
  assert.equal(targetWords("scene:dawn"), "scene dawn");
  const binding = { target: "smooth", source: "ch 1 CC 7", encoding: "absolute", takeover: "jump", invert: true, learned: true, conflict: "style_mix" };
  assert.equal(bindingWords(binding), "ch 1 CC 7, absolute, jump, inverted; played style mix before");
  assert.match(learningWords({ target: "smooth" }), /^smooth: move a fader/);
  assert.match(learningWords({ target: "smooth", device: "nano", source: "ch 1 CC 7" }), /hears ch 1 CC 7 of nano/);
  assert.match(learningWords({ target: null, source: "ch 1 CC 7", encoding: "signed_bit" }), /^learnt: ch 1 CC 7, signed bit/);
  assert.equal(learningWords({ target: null }), "");
});
