// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { contentBox, visiblePart } from "../../web/upscale.js";

const WALL = { left: 0, top: 0, width: 1600, height: 900 };

test("a picture lies in its element as object-fit puts it", () => {
  assert.deepEqual(contentBox(WALL, 4 / 3, "contain"), { left: 200, top: 0, width: 1200, height: 900 });
  assert.deepEqual(contentBox(WALL, 4 / 3, "cover"), { left: 0, top: -150, width: 1600, height: 1200 });
  assert.deepEqual(contentBox(WALL, 2, "contain"), { left: 0, top: 50, width: 1600, height: 800 });
  assert.deepEqual(contentBox(WALL, 2, "cover"), { left: -100, top: 0, width: 1800, height: 900 });
  assert.deepEqual(contentBox(WALL, 2, "fill"), WALL);
});

test("what is seen of it is whole pixels of the screen, inside its clip", () => {
  const clip = { left: 10, top: 20, width: 100, height: 80 };
  assert.deepEqual(visiblePart({ left: -50, top: 30.3, width: 400, height: 20 }, clip, 2), { left: 20, top: 61, width: 200, height: 40 });
  assert.deepEqual(visiblePart(clip, clip, 1.5), { left: 15, top: 30, width: 150, height: 120 });
  assert.equal(visiblePart({ ...clip, left: 110 }, clip, 1), null);
});
