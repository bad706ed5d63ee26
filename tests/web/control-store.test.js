// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { makeControlStore } from "../../web/control-store.js";

const rows = /** @type {ControlRow[]} */ ([
  { name: "a", kind: "fader", default: 0.5 },
  { name: "b", kind: "fader", default: 0.25 },
  { name: "a.mute", kind: "switch", default: false },
  { name: "tint", kind: "choice", default: "full", choices: ["full", "luminance"] },
  { name: "reset", kind: "trigger", default: 0 },
]);

/**
 * @param {Record<string, number | boolean | string>} controls
 * @param {number} [seq]
 * @returns {ChangedMessage}
 */
const changed = (controls, seq) => ({ type: "changed", rev: 2, controls, source: "x", seq: seq ?? null });

test("one set carries the newest value of each control, and when the first was moved", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.1, 10);
  store.move("b", 0.7, 12);
  store.move("a", 0.2, 14);
  assert.deepEqual(store.takeQueued(1, 15), { controls: { a: 0.2, b: 0.7 }, since: 10 });
  assert.equal(store.takeQueued(2, 16), null);
});

test("a panel has its controls in their order, then in that of the table", () => {
  const store = makeControlStore(/** @type {ControlRow[]} */ ([
    { name: "size", panel: "masters", order: 1 }, { name: "mix", panel: "masters", order: 0 },
    { name: "color", panel: "choices", order: 0 }, { name: "step", panel: "masters", order: 0 },
  ]));
  assert.deepEqual(store.rowsIn("masters").map(({ name }) => name), ["mix", "step", "size"]);
});

test("controls have their defaults until the first snapshot", () => {
  const store = makeControlStore(rows);
  assert.equal(store.position("a"), 0.5);
  store.applySnapshot({ a: 0.9, "a.mute": true }, 0);
  assert.equal(store.position("a"), 0.9);
  assert.equal(store.position("a.mute"), 1);
});

test("a watcher is called at once, then only for what differs", () => {
  const store = makeControlStore(rows);
  /** @type {number[]} */
  const seen = [];
  store.watch("a", (position) => seen.push(position));
  store.applyChange(changed({ a: 0.6 }), false, 0);
  store.applyChange(changed({ a: 0.6 }), false, 0);
  assert.deepEqual(seen, [0.5, 0.6]);
});

test("a move is shown before the server answers, and switches are sent as booleans", () => {
  const store = makeControlStore(rows);
  let calls = 0;
  store.onqueued = () => calls++;
  store.move("a", 0.8, 5);
  store.move("a.mute", 1, 6);
  assert.equal(store.position("a"), 0.8);
  assert.equal(calls, 2);
  assert.deepEqual(store.takeQueued(1, 7), { controls: { a: 0.8, "a.mute": true }, since: 5 });
});

test("a move to the current position is no move", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.5, 0);
  assert.equal(store.takeQueued(1, 0), null);
});

// checklist: 29
test("a held control never jumps, and follows the last writer when it is released", () => {
  const store = makeControlStore(rows);
  store.hold("a");
  store.applyChange(changed({ a: 0.1 }), false, 0);
  assert.equal(store.position("a"), 0.5);
  store.release("a");
  assert.equal(store.position("a"), 0.1);
});

test("a late answer to an earlier move does not pull the control back", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.6, 0);
  store.takeQueued(1, 0);
  store.move("a", 0.7, 10);
  store.applyChange(changed({ a: 0.6 }, 1), true, 20);
  assert.equal(store.position("a"), 0.7);
  store.takeQueued(2, 21);
  store.applyChange(changed({ a: 0.6 }, 1), true, 22);
  assert.equal(store.position("a"), 0.7);
  store.applyChange(changed({ a: 0.7 }, 2), true, 30);
  store.applyChange(changed({ a: 0.2 }), false, 40);
  assert.equal(store.position("a"), 0.2);
});

test("a control does not wait for a lost answer forever", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.6, 0);
  store.takeQueued(1, 0);
  store.applyChange(changed({ a: 0.3 }), false, 5000);
  assert.equal(store.position("a"), 0.3);
});

test("after a reconnection what was never answered is sent again, and nothing else is", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.6, 0);
  store.takeQueued(1, 0);
  store.applySnapshot({ a: 0.5, b: 0.9 }, 100);
  assert.equal(store.position("a"), 0.6);
  assert.equal(store.position("b"), 0.9);
  assert.deepEqual(store.takeQueued(2, 101)?.controls, { a: 0.6 });
});

test("what was moved without a connection is sent after it", () => {
  const store = makeControlStore(rows);
  store.move("b", 0.4, 0);
  store.applySnapshot({ a: 0.5, b: 0.25 }, 100);
  assert.equal(store.position("b"), 0.4);
  assert.deepEqual(store.takeQueued(1, 101)?.controls, { b: 0.4 });
});

test("a refused set puts its controls back to the server's positions", () => {
  const store = makeControlStore(rows);
  store.applySnapshot({ a: 0.5 }, 0);
  store.move("a", 0.6, 0);
  store.takeQueued(1, 0);
  store.reject(1);
  assert.equal(store.position("a"), 0.5);
});

test("an unknown control is an error that names it", () => {
  assert.throws(() => makeControlStore(rows).row("c"), /has no `c`/);
});

test("a choice has the index of its name as position, and is sent as the name", () => {
  const store = makeControlStore(rows);
  assert.equal(store.position("tint"), 0);
  store.applyChange({ type: "changed", rev: 2, controls: { tint: "luminance" }, source: "x" }, false, 0);
  assert.equal(store.position("tint"), 1);
  store.move("tint", 0, 10);
  assert.deepEqual(store.takeQueued(4, 11)?.controls, { tint: "full" });
});

test("what is only previewed is not sent until it is released", () => {
  const store = makeControlStore(rows);
  store.hold("a");
  store.preview("a", 0.8);
  assert.equal(store.position("a"), 0.8);
  assert.equal(store.takeQueued(1, 0), null);
  store.applyChange(changed({ a: 0.1 }), false, 5);
  assert.equal(store.position("a"), 0.8);
  store.queue("a", 10);
  store.release("a");
  assert.deepEqual(store.takeQueued(2, 12)?.controls, { a: 0.8 });
});

test("all that is moved while any control is held is one gesture; a key is none", () => {
  const store = makeControlStore(rows);
  store.move("a", 0.1, 0);
  assert.equal(store.takeQueued(1, 0)?.gesture, undefined);
  store.hold("a");
  store.move("a", 0.2, 1);
  const first = store.takeQueued(2, 1)?.gesture;
  store.hold("b");
  store.release("a");
  store.move("b", 0.3, 2);
  assert.ok(first);
  assert.equal(store.takeQueued(3, 2)?.gesture, first);
  store.release("b");
  store.hold("b");
  store.move("b", 0.4, 3);
  assert.notEqual(store.takeQueued(4, 3)?.gesture, first);
});

test("a viewer's page moves nothing", () => {
  const store = makeControlStore(rows);
  store.locked = true;
  store.move("a", 0.9, 0);
  store.preview("b", 0.9);
  assert.equal(store.position("a"), 0.5);
  assert.equal(store.position("b"), 0.25);
  assert.equal(store.takeQueued(1, 0), null);
});
