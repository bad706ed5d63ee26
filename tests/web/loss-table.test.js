// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { nextSorting, sortRows } from "../../web/panels/loss-table.js";

const term = (/** @type {number} */ share) => ({ raw: 1, weight: 1, weighted: 1, share });
const losses = [0.2, 0.5, 0.1].map((share, n) => ({ layer: `l${n}`, content: term(1 - share), style: term(share) }));

test("a heading sorts down, then up, then not at all", () => {
  const down = nextSorting(null, "style", "share");
  const up = nextSorting(down, "style", "share");
  assert.deepEqual(sortRows(losses, down), [1, 0, 2]);
  assert.deepEqual(sortRows(losses, up), [2, 0, 1]);
  assert.equal(nextSorting(up, "style", "share"), null);
  assert.deepEqual(sortRows(losses, null), [0, 1, 2]);
});

test("another heading begins downwards, and equal rows keep the network's order", () => {
  const sorting = nextSorting(nextSorting(null, "style", "share"), "content", "raw");
  assert.deepEqual(sorting, { term: "content", figure: "raw", descending: true });
  assert.deepEqual(sortRows(losses, sorting), [0, 1, 2]);
});
