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

test("a pair stays a pair, whichever byte comes first", () => {
  for (const numbers of [[8, 40], [40, 8]]) {
    const pair = (/** @type {number} */ value) => numbers.map((number) => cc(number, number === 8 ? value >> 7 : value & 127));
    /** @type {[number, number[]][]} */
    const messages = Array.from({ length: 1000 }, (_, step) => pair(step).map((data, part) => [step + part / 5, data])).flat();
    const sent = played(messages).map(([, data]) => data);
    assert.ok(sent.length <= 120);
    for (let at = 0; at < sent.length; at += 2) {
      const [first, second] = [sent[at] ?? [], sent[at + 1] ?? []];
      const [high, low] = numbers[0] === 8 ? [first, second] : [second, first];
      assert.deepEqual([first, second], pair(((high[2] ?? 0) << 7) | (low[2] ?? 0)));
    }
    assert.deepEqual(sent.slice(-2), pair(999));
  }
});

test("a control sends sixty values a second, or thirty where more than four move", () => {
  for (const [controls, perSecond] of [[1, 62], [4, 62], [5, 31], [8, 31]]) {
    const count = Number(controls);
    const sent = played(storm((step) => cc(80 + (step % count), step % 128), 10_000, 0.2));
    const mine = sent.filter(([, data]) => data[1] === 80);
    assert.ok(Math.abs(mine.length / 2 - Number(perSecond)) <= 3, `${mine.length / 2} of ${count}`);
    assert.deepEqual(sent.filter(([, data]) => data[1] === 80 + (9_999 % count)).at(-1)?.[1], cc(80 + (9_999 % count), 9_999 % 128));
  }
});

test("before the bindings have come, and while something is learnt, everything is sent", () => {
  const messages = storm((step) => cc(7, step % 128), 100, 0);
  assert.equal(played(messages, false).length, 100);
  assert.equal(played(messages, true, true).length, 100);
  const parameters = storm((step) => cc([99, 98, 6, 38][step % 4] ?? 0, 1), 100, 0);
  assert.equal(played(parameters).length, 100);
});
