// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { hasState } from "../../web/panels/png-state.js";

/** A chunk of a PNG; its checksum is not looked at. @param {string} kind @param {string} data */
function chunk(kind, data) {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(kind + data, 4, "latin1");
  return bytes;
}
const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const HEADER = chunk("IHDR", "\0".repeat(13));
const PIXELS = chunk("IDAT", "pixels");

/** @param {...Buffer} parts */
const png = (...parts) => new Blob([SIGNATURE, HEADER, ...parts]);

test("a state is a text chunk of ours, of any kind, before the pixels or after them", async () => {
  for (const kind of ["tEXt", "zTXt", "iTXt"]) {
    assert.equal(await hasState(png(chunk(kind, "styletune\0{}"), PIXELS)), true);
    assert.equal(await hasState(png(PIXELS, PIXELS, chunk(kind, "styletune\0{}"))), true);
  }
  const profile = chunk("iCCP", "x".repeat(100_000));
  assert.equal(await hasState(png(profile, chunk("tEXt", "styletune\0{}"), PIXELS)), true);
  assert.equal(await hasState(png(chunk("tEXt", "Software\0styletune"), chunk("iTXt", "styletune\0\0\0\0\0{}"), PIXELS)), true);
});

test("other texts and other files are none", async () => {
  assert.equal(await hasState(png(chunk("tEXt", "Software\0styletune"), PIXELS)), false);
  assert.equal(await hasState(png(chunk("tEXt", "styletuned\0{}"), PIXELS)), false);
  assert.equal(await hasState(png(chunk("tEXt", "styletune\0{}").subarray(0, 11))), false);
  assert.equal(await hasState(new Blob(["\xff\xd8\xff tEXtstyletune\0{}"])), false);
  assert.equal(await hasState(new Blob([SIGNATURE])), false);
});
