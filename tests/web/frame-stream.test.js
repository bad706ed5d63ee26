// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { parseFrame } from "../../web/frame-stream.js";

test("a frame is its header and its picture", () => {
  const header = { epoch: 3, step: 60, rev: 7, width: 4, height: 3, time: 1.5 };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + 2);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set([0xff, 0xd8], 4 + json.length);
  const frame = parseFrame(message.buffer);
  assert.deepEqual(frame.header, header);
  assert.deepEqual([...frame.jpeg], [0xff, 0xd8]);
});

test("a frame that lies about its length is refused", () => {
  assert.throws(() => parseFrame(new Uint8Array([255, 255, 0, 0, 1]).buffer), RangeError);
  assert.throws(() => parseFrame(new ArrayBuffer(2)), RangeError);
});
