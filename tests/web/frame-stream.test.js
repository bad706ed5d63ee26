// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { splitFrame } from "../../web/frame-stream.js";

test("a frame is its head and its picture", () => {
  const head = { epoch: 3, step: 60, rev: 7, width: 4, height: 3, time: 1.5 };
  const json = new TextEncoder().encode(JSON.stringify(head));
  const message = new Uint8Array(4 + json.length + 2);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set([0xff, 0xd8], 4 + json.length);
  const frame = splitFrame(message.buffer);
  assert.deepEqual(frame.head, head);
  assert.deepEqual([...frame.jpeg], [0xff, 0xd8]);
});

test("a frame that lies about its length is refused", () => {
  assert.throws(() => splitFrame(new Uint8Array([255, 255, 0, 0, 1]).buffer), RangeError);
  assert.throws(() => splitFrame(new ArrayBuffer(2)), RangeError);
});
