// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { cover, refusalText } from "../../web/panels/camera.js";

test("the middle of a camera's picture fills the painting", () => {
  assert.deepEqual(cover(640, 480, 256, 192), [0, 0, 640, 480]);
  assert.deepEqual(cover(640, 480, 100, 100), [80, 0, 480, 480]);
  assert.deepEqual(cover(480, 640, 200, 100), [0, 200, 480, 240]);
});

test("why there is no camera is told with the remedy", () => {
  assert.match(refusalText({ name: "NotAllowedError", message: "x" }), /refused: allow it/);
  assert.match(refusalText({ name: "NotFoundError", message: "x" }), /no camera was found/);
  assert.match(refusalText({ name: "Strange", message: "odd" }), /could not be opened: odd/);
});
