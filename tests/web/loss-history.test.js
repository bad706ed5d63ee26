// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { LossHistory, MAX_EPOCHS } from "../../web/panels/loss-history.js";

const term = (/** @type {number} */ weighted) => ({ raw: weighted, weight: 1, weighted, share: 0.5 });
const epoch = (/** @type {number} */ n, rev = 0, total = 10) => ({
  type: /** @type {const} */ ("epoch"), epoch: n, step: n, rev, steps_per_s: 9, smooth: 0, total,
  losses: [{ layer: "block1_conv1", content: term(2), style: term(3) }],
});
const move = (/** @type {number} */ rev, source = "me", from = 0.1, to = 0.2) => ({
  rev, source, controls: [/** @type {const} */ (["smooth", [from, to]])],
});
const numbers = (/** @type {LossHistory} */ history) => history.rows.map((row) => row[0]);

test("an epoch is kept with its total and each weighted term, in the order of the kinds", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  history.add(epoch(4));
  assert.deepEqual(history.terms, ["content.block1_conv1", "style.block1_conv1"]);
  assert.deepEqual([...(history.rows[0] ?? [])], [4, 10, 2, 3]);
});

test("the last epoch of a snapshot, come twice, is one; a server that counts anew starts anew", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  for (const n of [7, 8, 8]) history.add(epoch(n));
  assert.deepEqual(numbers(history), [7, 8]);
  history.add(epoch(1));
  assert.deepEqual(numbers(history), [1]);
});

test("no more than so many epochs are kept", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  for (let n = 0; n < MAX_EPOCHS + 5; n++) history.add(epoch(n));
  assert.equal(history.rows.length, MAX_EPOCHS);
  assert.equal(history.rows[0]?.[0], 5);
});

test("the table of the server goes in front of what came since", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  history.add(epoch(3));
  const head = "epoch,step,total,content.block1_conv1.weighted,style.block1_conv1.weighted";
  history.prepend(`${head}\n1,1,9,2,1\n2,2,8,2,1\n3,3,7,2,1\n`);
  assert.deepEqual(numbers(history), [1, 2, 3]);
  assert.deepEqual([...(history.rows[0] ?? [])], [1, 9, 2, 1]);
  history.prepend("<html>\n1,2\n");
  assert.deepEqual(numbers(history), [1, 2, 3]);
});

test("a move is marked at the first epoch that was painted with it", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  history.add(epoch(1, 4));
  history.addMove(move(5));
  history.add(epoch(2, 4));
  assert.equal(history.marks[0]?.epoch, null);
  history.add(epoch(3, 5));
  assert.equal(history.marks[0]?.epoch, 3);
});

test("one drag is one mark, from where it began; another hand makes another", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  history.addMove(move(1, "me", 0.1, 0.2));
  history.addMove(move(2, "me", 0.2, 0.7));
  history.addMove(move(3, "midi:nano", 0.7, 0.5));
  assert.deepEqual(history.marks.map((mark) => [mark.source, mark.controls.get("smooth")]), [
    ["me", [0.1, 0.7]], ["midi:nano", [0.7, 0.5]],
  ]);
});

test("the scale holds every total, and the terms within four decades of it", () => {
  const history = new LossHistory(["block1_conv1"], ["content", "style"]);
  for (const n of [1, 2, 3]) history.add(epoch(n, 0, 20 + n));
  const { rows, low, high } = history.window(2);
  assert.equal(rows.length, 2);
  assert.ok(low <= 2 && low > 0.5, `${low}`);
  assert.ok(high >= 23 && high < 100, `${high}`);
  assert.deepEqual(new LossHistory(["block1_conv1"], ["content", "style"]).window(9), { rows: [], low: 0.1, high: 1 });
});
