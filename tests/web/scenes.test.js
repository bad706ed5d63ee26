// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { parseShortcut } from "../../web/panels/scenes.js";

/** @param {string} key @param {object} [more] */
const press = (key, more) =>
  parseShortcut({
    key, code: /^\d$/.test(key) ? `Digit${key}` : "", ctrlKey: false, metaKey: false,
    altKey: false, shiftKey: false, repeat: false, ...more,
  });

test("Ctrl+Z is undo, with Shift redo, on a Mac too, and held down it goes on", () => {
  for (const held of ["ctrlKey", "metaKey"]) {
    assert.deepEqual(press("z", { [held]: true }), { trigger: "undo" });
    assert.deepEqual(press("Z", { [held]: true, shiftKey: true, repeat: true }), { trigger: "redo" });
    assert.deepEqual(press("y", { [held]: true }), { trigger: "redo" });
    assert.equal(press("1", { [held]: true }), null);
  }
});

test("digits recall by their place, with Shift they store, whatever Shift makes of them", () => {
  assert.deepEqual(press("1"), { index: 0, store: false });
  assert.deepEqual(press("!", { code: "Digit1", shiftKey: true }), { index: 0, store: true });
  assert.deepEqual(press("9", { code: "Numpad9" }), { index: 8, store: false });
  assert.equal(press("0"), null);
  assert.equal(press("1", { repeat: true }), null);
  assert.equal(press("1", { altKey: true }), null);
});

test("brackets are the neighbours", () => {
  assert.deepEqual(press("]"), { step: 1 });
  assert.deepEqual(press("["), { step: -1 });
  assert.equal(press("z"), null);
});
