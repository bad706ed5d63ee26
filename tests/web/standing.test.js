// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { midiWords, tunnel, worthSending } from "../../web/midi.js";
import { standing } from "../../web/status.js";

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

test("the tunnel is written out for the page's own port and host", () => {
  const place = { hostname: "gpu7", port: "8018" };
  assert.deepEqual(tunnel(place), {
    command: "ssh -N -L 8018:localhost:8018 user@gpu7",
    address: "http://localhost:8018/",
  });
  assert.match(tunnel({ ...place, port: "" }).command, /80:localhost:80 /);
});

test("MIDI messages read as in a manual", () => {
  assert.equal(midiWords([0xb0, 16, 64]), "ch 1 CC 16 = 64");
  assert.equal(midiWords([0x99, 36, 100]), "ch 10 note 36 on");
  assert.equal(midiWords([0x90, 36, 0]), "ch 1 note 36 off");
  assert.equal(midiWords([0xe0, 0, 64]), "ch 1 bend 0");
});

test("clock, active sensing and SysEx stay at home", () => {
  assert.equal(worthSending([0xf8]), false);
  assert.equal(worthSending([0xfe]), false);
  assert.equal(worthSending([0xf0, 0x7e]), false);
  assert.equal(worthSending([]), false);
  assert.equal(worthSending([0xb0, 1, 2]), true);
});
