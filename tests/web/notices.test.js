// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { trouble } from "../../web/notices.js";

test("an error is a sentence, with its way out where there is one", () => {
  assert.equal(trouble("the disk is full"), "The disk is full");
  assert.equal(
    trouble("no controller profile for `X1`", "unknown_device"),
    "No controller profile for `X1`. Press MIDI, then learn: any controller can be taught.",
  );
});
