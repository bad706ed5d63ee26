// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { audienceText, connectionState, lostText, notKeptText } from "../../web/status.js";

const times = { now: 1000, silentMs: 0, staleMs: 2000, retryAt: 0 };

test("the connection goes before the worker", () => {
  const painter = { state: "running" };
  assert.equal(connectionState({ kind: "stopped", why: "" }, painter, times).text, "not connected");
  assert.equal(
    connectionState({ kind: "waiting", until: 2400 }, painter, times).text, "reconnecting in 2 s",
  );
  assert.equal(connectionState({ kind: "connecting" }, painter, times).text, "connecting");
  assert.equal(connectionState({ kind: "open" }, null, times).text, "connecting");
});

test("a countdown keeps its key, so that a screen reader reads it once", () => {
  const link = /** @type {const} */ ({ kind: "waiting", until: 4000 });
  const early = connectionState(link, null, times);
  const late = connectionState(link, null, { ...times, now: 3500 });
  assert.equal(early.key, late.key);
  assert.notEqual(early.text, late.text);
});

test("the worker's states have texts", () => {
  const open = /** @type {const} */ ({ kind: "open" });
  const text = (/** @type {string} */ state) => connectionState(open, { state }, times).text;
  assert.equal(text("running"), "painting");
  assert.equal(text("compiling"), "compiling the network");
  assert.equal(text("rolling back"), "rolling back to the last good picture");
  assert.equal(
    connectionState(open, { state: "restarting" }, { ...times, retryAt: 4900 }).text, "restarting in 4 s",
  );
});

test("what is not kept stands on the page until it is", () => {
  assert.equal(notKeptText({ state: "running", message: "" }), "");
  assert.equal(notKeptText({ state: "compiling", message: "building the network" }), "");
  const message = "what is painted cannot be kept for a restart";
  assert.equal(notKeptText({ state: "running", message, not_kept: ["scenes: full"] }), `scenes: full · ${message}`);
});

test("a missing picture is reported, but only while the worker paints", () => {
  const open = /** @type {const} */ ({ kind: "open" });
  const silent = { ...times, silentMs: 3200 };
  assert.equal(connectionState(open, { state: "running" }, silent).text, "no picture for 3 s");
  assert.equal(connectionState(open, { state: "paused" }, silent).text, "paused");
});

test("who is here is counted, and who moved something last is named", () => {
  assert.equal(audienceText(1, 1, ""), "1 playing");
  assert.equal(audienceText(2, 5, "nanoKONTROL2"), "2 playing · 3 watching · last move: nanoKONTROL2");
  assert.equal(audienceText(0, 1, ""), "nobody playing · 1 watching");
});

test("a server that is gone is explained: at once where it was stopped, else after some seconds", () => {
  assert.match(`${lostText(true, 0)}`, /^the server was stopped,.*same command and --resume/);
  assert.equal(lostText(false, 2000), null);
  assert.match(`${lostText(false, 3000)}`, /^the server does not answer,.*network.*--resume/);
});

test("what paints is told: a look, and on what", () => {
  const open = /** @type {const} */ ({ kind: "open" });
  const live = /** @type {StateMessage} */ ({ state: "running", look: "woodcut", live: "ONNX Runtime 1.22.0" });
  assert.equal(connectionState(open, live, times).text, "live by woodcut on ONNX Runtime");
  assert.equal(connectionState(open, { ...live, live: "Keras 3.15 on tensorflow" }, times).text, "live by woodcut on Keras");
  assert.equal(connectionState(open, { ...live, state: "paused" }, times).text, "paused");
});
