// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { formatMidi, formatUnbound, playingInputs, shouldSend, sshTunnel } from "../../web/panels/midi.js";

test("the tunnel is written out for the page's own port and host", () => {
  const place = { hostname: "gpu7", port: "8018" };
  assert.deepEqual(sshTunnel(place), {
    command: "ssh -N -L 8018:localhost:8018 user@gpu7",
    address: "http://localhost:8018/",
  });
  assert.match(sshTunnel({ ...place, port: "" }).command, /80:localhost:80 /);
});

test("MIDI messages read as in a manual", () => {
  assert.equal(formatMidi([0xb0, 16, 64]), "ch 1 CC 16 = 64");
  assert.equal(formatMidi([0x99, 36, 100]), "ch 10 note 36 on");
  assert.equal(formatMidi([0x90, 36, 0]), "ch 1 note 36 off");
  assert.equal(formatMidi([0xe0, 0, 64]), "ch 1 bend 0");
});

test("events that nothing is bound to are counted in a sentence", () => {
  const message = { device: "nano", source: "ch 1 bend", count: 1 };
  assert.equal(formatUnbound(message), "Nothing is bound to ch 1 bend of nano; 1 such event so far.");
  assert.equal(formatUnbound({ ...message, count: 2, hint: "Hold SET" }), "Nothing is bound to ch 1 bend of nano; 2 such events so far. Hold SET.");
});

test("clock, active sensing and SysEx are not sent", () => {
  assert.equal(shouldSend([0xf8]), false);
  assert.equal(shouldSend([0xfe]), false);
  assert.equal(shouldSend([0xf0, 0x7e]), false);
  assert.equal(shouldSend([]), false);
  assert.equal(shouldSend([0xb0, 1, 2]), true);
});

test("all inputs play but loop-back ports, or the chosen one", () => {
  const inputs = [
    { id: "0", name: "Midi Through Port-0" }, { id: "a", name: "nano" }, { id: "b", name: "nano" },
    { id: "c", name: null }, { id: "d", name: " " },
  ];
  const played = (/** @type {string} */ choice) => playingInputs(inputs, choice).map(({ input, name }) => [input.id, name]);
  assert.deepEqual(played(""), [["a", "nano"], ["b", "nano 2"], ["c", "c"], ["d", "d"]]);
  assert.deepEqual(played("b"), [["b", "nano 2"]]);
  assert.deepEqual(played("0"), [["0", "Midi Through Port-0"]]);
  assert.equal(played("unplugged").length, 4);
});
