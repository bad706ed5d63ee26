// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { company, standing } from "../../web/status.js";

const times = { now: 1000, silentMs: 0, staleMs: 2000, retryAt: 0 };

test("the link comes before the painter", () => {
  const painter = { state: "running" };
  assert.equal(standing({ kind: "stopped", why: "" }, painter, times).words, "not connected");
  assert.equal(
    standing({ kind: "waiting", until: 2400 }, painter, times).words, "reconnecting in 2 s",
  );
  assert.equal(standing({ kind: "connecting" }, painter, times).words, "connecting");
  assert.equal(standing({ kind: "open" }, null, times).words, "connecting");
});

test("a countdown keeps its key, so that a screen reader hears it once", () => {
  const link = /** @type {const} */ ({ kind: "waiting", until: 4000 });
  const early = standing(link, null, times);
  const late = standing(link, null, { ...times, now: 3500 });
  assert.equal(early.key, late.key);
  assert.notEqual(early.words, late.words);
});

test("the painter's states are told in words", () => {
  const open = /** @type {const} */ ({ kind: "open" });
  const words = (/** @type {string} */ state) => standing(open, { state }, times).words;
  assert.equal(words("running"), "painting");
  assert.equal(words("compiling"), "compiling the network");
  assert.equal(words("rolling back"), "rolling back to the last good picture");
  assert.equal(
    standing(open, { state: "restarting" }, { ...times, retryAt: 4900 }).words, "restarting in 4 s",
  );
});

test("no picture for longer than it should take is said, but only while one paints", () => {
  const open = /** @type {const} */ ({ kind: "open" });
  const silent = { ...times, silentMs: 3200 };
  assert.equal(standing(open, { state: "running" }, silent).words, "no picture for 3 s");
  assert.equal(standing(open, { state: "paused" }, silent).words, "paused");
});

test("who is here is counted, and who moved something last is named", () => {
  assert.equal(company(1, 1, ""), "1 playing");
  assert.equal(company(2, 5, "nanoKONTROL2"), "2 playing · 3 watching · last move: nanoKONTROL2");
  assert.equal(company(0, 1, ""), "nobody playing · 1 watching");
});
