// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeMoves, thumbnailUrl } from "../../web/panels/scene-preview.js";

/** @param {string} name @param {Partial<ControlRow>} [more] */
const row = (name, more) => /** @type {ControlRow} */ ({ name, kind: "fader", curve: "log_off", low: 0.01, high: 100, choices: [], ...more });
const fader = row("smooth");
const colour = row("colour", { kind: "choice", choices: ["full", "luminance"] });
const average = row("average", { kind: "switch" });

/** @param {...[ControlRow, number, number]} moves */
const describe = (...moves) => describeMoves(moves, (name) => name);

test("what a scene would change is said by its largest moves, and how many more there are", () => {
  assert.equal(describe([fader, 0.5, 0.7], [colour, 0, 1], [average, 1, 0]), "colour luminance, average off, smooth up");
  assert.equal(describe([fader, 0.5, 0], [row("mix", { curve: "linear" }), 0.9, 0]), "mix down, smooth off");
  assert.equal(describe(...Array(5).fill([fader, 0.5, 0.6])), "smooth up, smooth up, smooth up, 2 more");
});

test("a scene that is there already, but for what nobody sees, changes nothing", () => {
  assert.equal(describe([fader, 0.5, 0.505], [colour, 1, 1]), "as it is now");
});

test("the address of a thumbnail takes any name, and changes when the scene is stored again", () => {
  assert.equal(thumbnailUrl({ name: "a/b é?&", saved: 1.25, thumbnail: true }), "api/scenes.jpg?name=a%2Fb+%C3%A9%3F%26&saved=1.25");
});
