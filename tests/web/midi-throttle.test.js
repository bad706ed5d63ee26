// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeMidiThrottle } from "../../web/panels/midi-throttle.js";

const BOUND = Object.entries({
  "ch 1 CC 7": "absolute", "ch 1 CC 8": "fine", "ch 1 CC 9": "button", "ch 1 CC 20": "signed_bit",
  "ch 1 CC 21": "signed_bit_2", "ch 1 CC 22": "bin_offset", "ch 1 CC 23": "twos_complement",
}).map(([source, encoding]) => ({ source, encoding }));

/**
 * What is sent when, if everything is sent as soon as it is due.
 * @param {[number, number[]][]} messages
 */
function played(messages, known = true, learning = false) {
  const throttle = makeMidiThrottle();
  if (known) throttle.setBindings(BOUND);
  throttle.learning = learning;
  /** @type {[number, number[]][]} */
  const sent = [];
  const drain = (/** @type {number} */ until) => {
    while (throttle.nextDue() <= until) {
      const at = throttle.nextDue();
      for (const data of throttle.takeDue(at)) sent.push([at, data]);
    }
  };
  for (const [now, data] of messages) {
    drain(now - 1e-9);
    throttle.add(data, now);
    drain(now);
  }
  drain(1e9);
  return sent;
}
const cc = (/** @type {number} */ number, /** @type {number} */ value) => [0xb0, number, value];
/** @returns {[number, number[]][]} */
const storm = (/** @type {(step: number) => number[]} */ make, count = 5000, per = 0.2) =>
  Array.from({ length: count }, (_, step) => [step * per, make(step)]);

test("of a storm at most 120 a second are sent, and the last", () => {
  for (const head of [[0xb0, 7], [0xe0, 0], [0xb0, 90]]) {
    const sent = played(storm((step) => [...head, step % 128]));
    assert.ok(sent.length <= 120 && sent.length >= 60, String(sent.length));
    assert.deepEqual(sent.at(-1)?.[1], [...head, 4999 % 128]);
    assert.deepEqual(sent[0], [0, [...head, 0]]);
  }
});

test("keys are never merged", () => {
  for (const key of [cc(9, 127), [0x90, 5, 100], [0x80, 5, 0]]) {
    assert.equal(played(storm(() => key, 500, 0)).length, 500);
  }
});

test("turns add up, whatever the encoding", () => {
  for (const [number, left, right, size] of [[20, 65, 3, 3], [21, 1, 67, 3], [22, 63, 67, 3], [23, 127, 3, 3]]) {
    const sent = played(storm((step) => cc(Number(number), Number(step % 4 ? right : left)), 1000, 1));
    assert.ok(sent.length <= 101);
    /** @type {Record<number, (v: number) => number>} */
    const read = {
      20: (v) => (v <= 64 ? v : 64 - v), 21: (v) => (v <= 64 ? -v : v - 64),
      22: (v) => v - 64, 23: (v) => (v <= 64 ? v : v - 128),
    };
    const sum = sent.reduce((total, [, data]) => total + (read[Number(number)]?.(data[2] ?? 0) ?? 0), 0);
    assert.equal(sum, 750 * Number(size) - 250);
  }
});

test("a pair stays a pair", () => {
  const messages = storm((step) => (step % 2 ? cc(40, (step >> 1) % 128) : cc(8, step >> 8)), 2000, 0.5);
  const sent = played(messages).map(([, data]) => data);
  assert.ok(sent.length <= 120);
  assert.deepEqual(sent.map((data) => data[1]), sent.map((_, index) => (index % 2 ? 40 : 8)));
  assert.deepEqual(sent.slice(-2), [cc(8, 1998 >> 8), cc(40, 999 % 128)]);
});

test("before the bindings have come, and while something is learnt, everything is sent", () => {
  const messages = storm((step) => cc(7, step % 128), 100, 0);
  assert.equal(played(messages, false).length, 100);
  assert.equal(played(messages, true, true).length, 100);
  const parameters = storm((step) => cc([99, 98, 6, 38][step % 4] ?? 0, 1), 100, 0);
  assert.equal(played(parameters).length, 100);
});
