// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { company } from "../../web/status.js";
import { trouble } from "../../web/trouble.js";

test("an error is a sentence, with its way out where there is one", () => {
  assert.equal(trouble("the disk is full"), "The disk is full");
  assert.equal(
    trouble("no controller profile for `X1`", "unknown_device"),
    "No controller profile for `X1`. Press MIDI, then learn: any controller can be taught.",
  );
});

test("who is here is counted, and who moved something last is named", () => {
  assert.equal(company(1, 1, ""), "1 playing");
  assert.equal(company(2, 5, "nanoKONTROL2"), "2 playing · 3 watching · last move: nanoKONTROL2");
  assert.equal(company(0, 1, ""), "nobody playing · 1 watching");
});
