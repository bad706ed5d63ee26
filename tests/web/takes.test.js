// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { describeTake, formatDuration, recentText, renderCommand } from "../../web/panels/takes.js";

test("times are minutes and seconds, with hours where there are some", () => {
  assert.deepEqual([0, 7.9, 187, 3723, -1].map(formatDuration), ["0:00", "0:07", "3:07", "1:02:03", "0:00"]);
});

test("the key says how much it keeps", () => {
  assert.deepEqual([40, 61 * 12, 3599].map(recentText), ["keep the last 40 s", "keep the last 12 min", "keep the last hour"]);
});

test("a shell gets the name of a take as it is", () => {
  assert.equal(renderCommand("friday, 'late'"), "styletune render \"friday, 'late'\" -o film.mp4 --size 1024");
  assert.match(renderCommand('$(rm) `x` "y" \\'), /^styletune render "\\\$\(rm\) \\`x\\` \\"y\\" \\\\" -o/);
});

test("a take is described in a line", () => {
  const take = { name: "x", time: 0, length_s: 187.2, bytes: 2_340_000, size: 448, pictures: ["harbour", "woodcut", "dots"], recording: false, error: "" };
  assert.equal(describeTake(take), "3:07 · 2.3 MB · harbour by woodcut + dots, 448 px");
  assert.equal(describeTake({ ...take, recording: true, bytes: 3200 }), "being recorded · 4 kB · harbour by woodcut + dots, 448 px");
  assert.equal(describeTake({ ...take, error: "is empty" }), "is empty");
});
