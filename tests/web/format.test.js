// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {
  formatDelay, formatBandwidth, formatLoss, parsePosition, formatRate, formatShare, formatSource, formatAriaValue,
  formatValue, formatWeight,
} from "../../web/format.js";

test("weights read as a musician reads them", () => {
  const texts = [0, 0.01, 0.0316, 0.1, 0.5, 1, 3.16, 9.96, 31.6, 100].map(formatWeight);
  assert.deepEqual(texts, [
    "off", "×0.01", "×0.03", "×0.10", "×0.50", "×1.0", "×3.2", "×10", "×32", "×100",
  ]);
});

test("a weight under the scale still shows that it is there", () => {
  assert.equal(formatWeight(0.0004), "×0.0004");
});

const weight = /** @type {ControlRow} */ ({ curve: "log_off", low: 0.01, high: 100, unit: "weight" });
const rate = /** @type {ControlRow} */ ({ curve: "log", low: 0.1, high: 25, unit: "pixel values a step" });
const part = /** @type {ControlRow} */ ({ curve: "linear", low: 0, high: 1, unit: "part" });

test("the value of a control fits its unit", () => {
  assert.equal(formatValue(weight, 0.5), "×1.0");
  assert.equal(formatValue(rate, 1), "25");
  assert.equal(formatValue(part, 0.305), "31 %");
});

test("a screen reader reads words, not signs", () => {
  assert.equal(formatAriaValue(weight, 0), "off");
  assert.equal(formatAriaValue(weight, 0.75), "times 10");
  assert.equal(formatAriaValue(rate, 0), "0.10 pixel values a step");
  assert.equal(formatAriaValue(part, 1), "100 percent");
});

test("losses of any size stay within six characters", () => {
  const texts = [0, 0.031234, 0.1, 4.7123, 128.4, 999.6, 12_345, 999_600, 3.1e-5, 7e12].map(formatLoss);
  assert.deepEqual(texts, [
    "0", "0.0312", "0.100", "4.71", "128", "1.00k", "12.3k", "1.0e6", "3.1e−5", "7.0e12",
  ]);
  for (let power = -12; power < 13; power += 0.01) {
    assert.ok(formatLoss(10 ** power).length <= 7, formatLoss(10 ** power));
  }
  assert.equal(formatLoss(NaN), "–");
});

test("a small share is never shown as zero", () => {
  assert.deepEqual([0, 0.001, 0.006, 0.4, 1].map(formatShare), ["0 %", "<1 %", "1 %", "40 %", "100 %"]);
});

test("rates and delays keep the digits that matter", () => {
  assert.deepEqual([0.31, 1.96, 18.4].map(formatRate), ["0.31", "2.0", "18"]);
  assert.deepEqual([84.4, 999.7, 12_345].map(formatDelay), ["84 ms", "1.0 s", "12.3 s"]);
});

test("a typed value is parsed as it is shown", () => {
  const at = (/** @type {string} */ text, row = weight) => parsePosition(row, text);
  assert.equal(at("off"), 0);
  assert.equal(at("×1.0"), 0.5);
  assert.equal(at("x 1"), 0.5);
  assert.equal(at("1,0"), 0.5);
  assert.equal(at("900"), 1);
  assert.equal(at("35 %", part), 0.35);
  assert.equal(at("35", part), 0.35);
  for (const text of ["", "loud", "1.2.3", "-1"]) assert.equal(at(text), null, text);
});

test("an amount is shown and typed below zero, too", () => {
  const amount = { ...weight, curve: /** @type {const} */ ("power"), low: -1.25, high: 5, unit: "amount" };
  assert.deepEqual([0, 0.5, 1].map((position) => formatValue(amount, position)), ["×−1.3", "×1.0", "×5.0"]);
  assert.equal(formatValue({ ...amount, curve: "linear", low: -1, high: 1 }, 0.4), "×−0.20");
  assert.equal(parsePosition(amount, "-1.25"), 0);
  assert.equal(parsePosition(amount, "×−1.25"), 0);
  assert.equal(parsePosition(amount, "1"), 0.5);
  assert.equal(parsePosition(amount, "off"), parsePosition(amount, "0"));
});

test("every source of a move has a name", () => {
  const texts = (/** @type {string} */ source) => formatSource(source, "ab12cd34");
  assert.deepEqual(["ab12cd34", "99ffee00", "midi:nano: one", "scene:calm", "undo"].map(texts), [
    "you", "another player", "nano: one", "scene calm", "undo",
  ]);
});

test("a bandwidth is shown in kB or MB a second", () => {
  assert.deepEqual([0, 640_400, 1_250_000].map(formatBandwidth), ["0 kB/s", "640 kB/s", "1.3 MB/s"]);
});
