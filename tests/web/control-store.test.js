// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeStore } from "../../web/control-store.js";

const rows = /** @type {Row[]} */ ([
  { name: "a", kind: "fader", default: 0.5 },
  { name: "b", kind: "fader", default: 0.25 },
  { name: "a.mute", kind: "switch", default: false },
  { name: "tint", kind: "choice", default: "full", choices: ["full", "luminance"] },
  { name: "reset", kind: "trigger", default: 0 },
]);

/**
 * @param {Record<string, number | boolean | string>} controls
 * @param {number} [seq]
 * @returns {Changed}
 */
const changed = (controls, seq) => ({ type: "changed", rev: 2, controls, source: "x", seq: seq ?? null });

test("one set carries the newest value of each control, and when the first was moved", () => {
  const store = makeStore(rows);
  store.move("a", 0.1, 10);
  store.move("b", 0.7, 12);
  store.move("a", 0.2, 14);
  assert.deepEqual(store.take(1, 15), { controls: { a: 0.2, b: 0.7 }, since: 10 });
  assert.equal(store.take(2, 16), null);
});

test("handles stand at their defaults until the server speaks", () => {
  const store = makeStore(rows);
  assert.equal(store.position("a"), 0.5);
  store.snapshot({ a: 0.9, "a.mute": true }, 0);
  assert.equal(store.position("a"), 0.9);
  assert.equal(store.position("a.mute"), 1);
});

test("a watcher is told at once, then only of what differs", () => {
  const store = makeStore(rows);
  /** @type {number[]} */
  const seen = [];
  store.watch("a", (position) => seen.push(position));
  store.changed(changed({ a: 0.6 }), false, 0);
  store.changed(changed({ a: 0.6 }), false, 0);
  assert.deepEqual(seen, [0.5, 0.6]);
});

test("a hand is shown before the server answers, and switches go out as booleans", () => {
  const store = makeStore(rows);
  let asked = 0;
  store.onmove = () => asked++;
  store.move("a", 0.8, 5);
  store.move("a.mute", 1, 6);
  assert.equal(store.position("a"), 0.8);
  assert.equal(asked, 2);
  assert.deepEqual(store.take(1, 7), { controls: { a: 0.8, "a.mute": true }, since: 5 });
});

test("a move to where the handle stands is no move", () => {
  const store = makeStore(rows);
  store.move("a", 0.5, 0);
  assert.equal(store.take(1, 0), null);
});

// checklist: 29
test("a held handle never jumps, and follows the last writer when it is let go", () => {
  const store = makeStore(rows);
  store.hold("a");
  store.changed(changed({ a: 0.1 }), false, 0);
  assert.equal(store.position("a"), 0.5);
  store.release("a");
  assert.equal(store.position("a"), 0.1);
});

test("a late echo of an earlier move does not pull the handle back", () => {
  const store = makeStore(rows);
  store.move("a", 0.6, 0);
  store.take(1, 0);
  store.move("a", 0.7, 10);
  store.changed(changed({ a: 0.6 }, 1), true, 20);
  assert.equal(store.position("a"), 0.7);
  store.take(2, 21);
  store.changed(changed({ a: 0.6 }, 1), true, 22);
  assert.equal(store.position("a"), 0.7);
  store.changed(changed({ a: 0.7 }, 2), true, 30);
  store.changed(changed({ a: 0.2 }), false, 40);
  assert.equal(store.position("a"), 0.2);
});

test("an answer that never came does not deafen a handle", () => {
  const store = makeStore(rows);
  store.move("a", 0.6, 0);
  store.take(1, 0);
  store.changed(changed({ a: 0.3 }), false, 5000);
  assert.equal(store.position("a"), 0.3);
});

test("after a reconnect what was never answered goes out again, and nothing else does", () => {
  const store = makeStore(rows);
  store.move("a", 0.6, 0);
  store.take(1, 0);
  store.snapshot({ a: 0.5, b: 0.9 }, 100);
  assert.equal(store.position("a"), 0.6);
  assert.equal(store.position("b"), 0.9);
  assert.deepEqual(store.take(2, 101)?.controls, { a: 0.6 });
});

test("what was moved without a connection is sent after it", () => {
  const store = makeStore(rows);
  store.move("b", 0.4, 0);
  store.snapshot({ a: 0.5, b: 0.25 }, 100);
  assert.equal(store.position("b"), 0.4);
  assert.deepEqual(store.take(1, 101)?.controls, { b: 0.4 });
});

test("a refused set puts its handles back where the server has them", () => {
  const store = makeStore(rows);
  store.snapshot({ a: 0.5 }, 0);
  store.move("a", 0.6, 0);
  store.take(1, 0);
  store.refused(1);
  assert.equal(store.position("a"), 0.5);
});

test("an unknown control is an error of ours, told with its name", () => {
  assert.throws(() => makeStore(rows).row("c"), /has no `c`/);
});

test("a choice stands at the index of its name, and goes out as the name", () => {
  const store = makeStore(rows);
  assert.equal(store.position("tint"), 0);
  store.changed({ type: "changed", rev: 2, controls: { tint: "luminance" }, source: "x" }, false, 0);
  assert.equal(store.position("tint"), 1);
  store.move("tint", 0, 10);
  assert.deepEqual(store.take(4, 11)?.controls, { tint: "full" });
});

test("what is only previewed is not sent until it is let go", () => {
  const store = makeStore(rows);
  store.hold("a");
  store.preview("a", 0.8);
  assert.equal(store.position("a"), 0.8);
  assert.equal(store.take(1, 0), null);
  store.changed(changed({ a: 0.1 }), false, 5);
  assert.equal(store.position("a"), 0.8);
  store.send("a", 10);
  store.release("a");
  assert.deepEqual(store.take(2, 12)?.controls, { a: 0.8 });
});

test("all that is moved while any handle is held is one gesture; a key is none", () => {
  const store = makeStore(rows);
  store.move("a", 0.1, 0);
  assert.equal(store.take(1, 0)?.gesture, undefined);
  store.hold("a");
  store.move("a", 0.2, 1);
  const first = store.take(2, 1)?.gesture;
  store.hold("b");
  store.release("a");
  store.move("b", 0.3, 2);
  assert.ok(first);
  assert.equal(store.take(3, 2)?.gesture, first);
  store.release("b");
  store.hold("b");
  store.move("b", 0.4, 3);
  assert.notEqual(store.take(4, 3)?.gesture, first);
});

test("a watcher's page moves nothing", () => {
  const store = makeStore(rows);
  store.locked = true;
  store.move("a", 0.9, 0);
  store.preview("b", 0.9);
  assert.equal(store.position("a"), 0.5);
  assert.equal(store.position("b"), 0.25);
  assert.equal(store.take(1, 0), null);
});
