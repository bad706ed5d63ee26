// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { errorText } from "../../web/notices.js";

test("an error is a sentence, with its remedy where there is one", () => {
  assert.equal(errorText("the disk is full"), "The disk is full");
  assert.equal(
    errorText("no controller profile for `X1`", "unknown_device"),
    "No controller profile for `X1`. Press MIDI, then learn: any controller can be taught.",
  );
});
