// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { bindingLabel, formatBinding, formatLearning } from "../../web/panels/midi-learn.js";

test("bindings and the state of learning read as sentences", () => {
  const nameOf = (/** @type {string} */ target) => target.replace("_", " ");
  const binding = { target: "smooth", source: "ch 1 CC 7", encoding: "absolute", takeover: "jump", invert: true, learned: true, conflict: "style_mix" };
  assert.equal(formatBinding(binding, nameOf), "ch 1 CC 7, absolute, jump, inverted; played style mix before");
  assert.match(formatLearning({ target: "smooth" }, nameOf), /^smooth: move a fader/);
  assert.match(formatLearning({ target: "smooth", device: "nano", source: "ch 1 CC 7" }, nameOf), /^smooth: ch 1 CC 7 of nano/);
  assert.match(formatLearning({ target: null, source: "ch 1 CC 7", encoding: "signed_bit" }, nameOf), /^learnt: ch 1 CC 7, signed bit/);
  assert.equal(formatLearning({ target: null }, nameOf), "");
});

test("a handle carries its first hardware and how many more there are, shorter on a small key", () => {
  assert.equal(bindingLabel(["ch 1 CC 16"], false), "CC 16");
  assert.equal(bindingLabel(["ch 9 note 36", "ch 1 CC 16"], false), "note 36 +1");
  assert.equal(bindingLabel(["ch 1 CC 32"], true), "32");
  assert.equal(bindingLabel(["ch 1 note 36"], true), "♪36");
});
