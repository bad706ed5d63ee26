// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { order, pressed } from "../../web/panels/loss-table.js";

const term = (/** @type {number} */ share) => ({ raw: 1, weight: 1, weighted: 1, share });
const losses = [0.2, 0.5, 0.1].map((share, n) => ({ layer: `l${n}`, content: term(1 - share), style: term(share) }));

test("a heading sorts down, then up, then not at all", () => {
  const down = pressed(null, "style", "share");
  const up = pressed(down, "style", "share");
  assert.deepEqual(order(losses, down), [1, 0, 2]);
  assert.deepEqual(order(losses, up), [2, 0, 1]);
  assert.equal(pressed(up, "style", "share"), null);
  assert.deepEqual(order(losses, null), [0, 1, 2]);
});

test("another heading begins downwards, and equal rows keep the network's order", () => {
  const sorting = pressed(pressed(null, "style", "share"), "content", "raw");
  assert.deepEqual(sorting, { term: "content", figure: "raw", down: true });
  assert.deepEqual(order(losses, sorting), [0, 1, 2]);
});
