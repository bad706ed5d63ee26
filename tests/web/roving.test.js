// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { beside } from "../../web/panels/roving.js";

test("arrows go round the row", () => {
  const row = ["a", "b", "c"];
  assert.deepEqual(row.map((one) => beside(row, one, 1)), ["b", "c", "a"]);
  assert.deepEqual(row.map((one) => beside(row, one, -1)), ["c", "a", "b"]);
});
