// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { mateOf, midiWords, tunnel, worthSending } from "../../web/panels/midi.js";

test("the tunnel is written out for the page's own port and host", () => {
  const place = { hostname: "gpu7", port: "8018" };
  assert.deepEqual(tunnel(place), {
    command: "ssh -N -L 8018:localhost:8018 user@gpu7",
    address: "http://localhost:8018/",
  });
  assert.match(tunnel({ ...place, port: "" }).command, /80:localhost:80 /);
});

test("MIDI messages read as in a manual", () => {
  assert.equal(midiWords([0xb0, 16, 64]), "ch 1 CC 16 = 64");
  assert.equal(midiWords([0x99, 36, 100]), "ch 10 note 36 on");
  assert.equal(midiWords([0x90, 36, 0]), "ch 1 note 36 off");
  assert.equal(midiWords([0xe0, 0, 64]), "ch 1 bend 0");
});

test("clock, active sensing and SysEx stay at home", () => {
  assert.equal(worthSending([0xf8]), false);
  assert.equal(worthSending([0xfe]), false);
  assert.equal(worthSending([0xf0, 0x7e]), false);
  assert.equal(worthSending([]), false);
  assert.equal(worthSending([0xb0, 1, 2]), true);
});

test("the output of a device is found by its name or its first word", () => {
  const outputs = [{ name: "Twister" }, { name: "nanoKONTROL2 CTRL" }];
  assert.equal(mateOf("nanoKONTROL2 SLIDER/KNOB", outputs)?.name, "nanoKONTROL2 CTRL");
  assert.equal(mateOf("Twister", outputs)?.name, "Twister");
  assert.equal(mateOf("Theremin", outputs), undefined);
});
