// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { formatChange, formatPlayers } from "../../web/panels/watching.js";

const rows = [
  { name: "smooth", kind: "fader", curve: "linear", low: 0, high: 2, unit: "weight", choices: [] },
  { name: "paused", kind: "switch", choices: [] },
  { name: "color", kind: "choice", choices: ["full", "luminance"] },
];
/** @type {any} */
const store = { row: (/** @type {string} */ name) => rows.find((row) => row.name === name), confirmed: () => 0.5 };
const change = (/** @type {Values} */ controls, source = "midi:nanoKONTROL2") => formatChange({ controls, source }, store, (name) => name);

test("who plays is people, then hardware by name", () => {
  assert.equal(formatPlayers({ players: 2, devices: ["nanoKONTROL2"] }), "played by 2 people, nanoKONTROL2");
  assert.equal(formatPlayers({ players: 1, devices: [] }), "played by one person");
  assert.equal(formatPlayers({ players: 0, devices: [] }), "nobody plays now");
});

test("a change is a sentence: what, which way, by whom", () => {
  assert.equal(change({ smooth: 0.9 }), "smooth up to ×1.8, by nanoKONTROL2");
  assert.equal(change({ smooth: 0.1 }, "0badcafe"), "smooth down to ×0.20, by a player");
  assert.equal(change({ paused: true }), "paused on, by nanoKONTROL2");
  assert.equal(change({ color: "luminance" }), "color: luminance, by nanoKONTROL2");
  assert.equal(change({ smooth: 0, paused: false, color: "full" }, "scene:dawn"), "scene dawn");
  assert.equal(change({ smooth: 0, paused: false, color: "full" }, "undo"), "3 controls, by undo");
  assert.equal(change({}), "");
});
