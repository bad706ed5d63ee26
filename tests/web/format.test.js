// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {
  delayWords, flowWords, lossWords, positionTyped, rateWords, shareWords, sourceWords, spokenWords,
  valueWords, weightWords,
} from "../../web/format.js";

test("weights read as a musician reads them", () => {
  const words = [0, 0.01, 0.0316, 0.1, 0.5, 1, 3.16, 9.96, 31.6, 100].map(weightWords);
  assert.deepEqual(words, [
    "off", "×0.01", "×0.03", "×0.10", "×0.50", "×1.0", "×3.2", "×10", "×32", "×100",
  ]);
});

test("a weight under the scale still shows that it is there", () => {
  assert.equal(weightWords(0.0004), "×0.0004");
});

const weight = /** @type {Row} */ ({ curve: "log_off", low: 0.01, high: 100, unit: "weight" });
const rate = /** @type {Row} */ ({ curve: "log", low: 0.1, high: 25, unit: "pixel values a step" });
const part = /** @type {Row} */ ({ curve: "linear", low: 0, high: 1, unit: "part" });

test("what stands under a handle fits its unit", () => {
  assert.equal(valueWords(weight, 0.5), "×1.0");
  assert.equal(valueWords(rate, 1), "25");
  assert.equal(valueWords(part, 0.305), "31 %");
});

test("a screen reader hears words, not signs", () => {
  assert.equal(spokenWords(weight, 0), "off");
  assert.equal(spokenWords(weight, 0.75), "times 10");
  assert.equal(spokenWords(rate, 0), "0.1 pixel values a step");
  assert.equal(spokenWords(part, 1), "100 percent");
});

test("losses of any size stay within six characters", () => {
  const words = [0, 0.031234, 0.1, 4.7123, 128.4, 999.6, 12_345, 999_600, 3.1e-5, 7e12].map(lossWords);
  assert.deepEqual(words, [
    "0", "0.0312", "0.100", "4.71", "128", "1.00k", "12.3k", "1.0e6", "3.1e−5", "7.0e12",
  ]);
  for (let power = -12; power < 13; power += 0.01) {
    assert.ok(lossWords(10 ** power).length <= 7, lossWords(10 ** power));
  }
  assert.equal(lossWords(NaN), "–");
});

test("a share that is there is never called nothing", () => {
  assert.deepEqual([0, 0.001, 0.006, 0.4, 1].map(shareWords), ["0 %", "<1 %", "1 %", "40 %", "100 %"]);
});

test("rates and delays keep the digits that matter", () => {
  assert.deepEqual([0.31, 1.96, 18.4].map(rateWords), ["0.31", "2.0", "18"]);
  assert.deepEqual([84.4, 999.7, 12_345].map(delayWords), ["84 ms", "1.0 s", "12.3 s"]);
});

test("what is typed is read as it is written", () => {
  const at = (/** @type {string} */ text, row = weight) => positionTyped(row, text);
  assert.equal(at("off"), 0);
  assert.equal(at("×1.0"), 0.5);
  assert.equal(at("x 1"), 0.5);
  assert.equal(at("1,0"), 0.5);
  assert.equal(at("900"), 1);
  assert.equal(at("35 %", part), 0.35);
  assert.equal(at("35", part), 0.35);
  for (const text of ["", "loud", "1.2.3", "-1"]) assert.equal(at(text), null, text);
});

test("whoever moved something has a name", () => {
  const words = (/** @type {string} */ source) => sourceWords(source, "ab12cd34");
  assert.deepEqual(["ab12cd34", "99ffee00", "midi:nano: one", "scene:calm", "undo"].map(words), [
    "you", "another player", "nano: one", "scene calm", "undo",
  ]);
});

test("a stream is told in kB or MB a second", () => {
  assert.deepEqual([0, 640_400, 1_250_000].map(flowWords), ["0 kB/s", "640 kB/s", "1.3 MB/s"]);
});
