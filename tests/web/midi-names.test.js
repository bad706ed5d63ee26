// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { deviceName, mate, uniqueNames } from "../../web/panels/midi-names.js";

/** @type {{names: [string, string][], mates: {of: string, inputs: string[], outputs: string[], mates: (number | null)[]}[]}} */
const CASES = JSON.parse(readFileSync(new URL("../support/port_names.json", import.meta.url), "utf8"));

test("a device's name is that of its port without what the system adds", () => {
  for (const [port, device] of CASES.names) assert.equal(deviceName(port), device, port);
});

test("the output of a device is found for certain or not at all", () => {
  for (const { of, inputs, outputs, mates } of CASES.mates) {
    assert.deepEqual(inputs.map((_, index) => mate(index, inputs, outputs)), mates.map((found) => found ?? -1), of);
  }
});

test("ports of one name are counted", () => {
  assert.deepEqual(uniqueNames(["a", "a", "b", "a"]), ["a", "a 2", "b", "a 3"]);
  assert.deepEqual(uniqueNames(["a", "a 2", "a"]), ["a", "a 2", "a 3"]);
});
