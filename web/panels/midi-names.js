// @ts-check
/** Names of MIDI ports, by the rules of styletune/midi/port_name.py; one table of cases tests both. */

const ADDED = / \d+:\d+$|(?:^|(?<=\())\d+- ?| ?\[\d+\]| \d+(?=:\()/g;
const NUMBER = /(?: 0|(?<!\bMIDI)(?<!\bPort) #?(?:1?\d|2[0-4])| \(\d+\))$/i;
const ADDRESS = / (\d+:)\d+$/;
const DIRECTION = /\b(midi)?(?:in|out|input|output|capture|playback)(?=[\d_]|\b)/g;
const KORG = /\b(nano\w.*) (?:slider\/kno?b?|pad|keyboard|ctrl)$/;
const GENERIC = /midi|port|[^\p{L}]/gu;

/** The name without what the system adds, which changes from plugging to plugging. @param {string} port */
export const deviceName = (port) => port.trim().replace(ADDED, "").replace(NUMBER, "").trim() || port;

/** The second of one name as `name 2`. @param {readonly string[]} names */
export function uniqueNames(names) {
  /** @type {Set<string>} */
  const taken = new Set();
  for (const name of names) {
    let unique = name;
    for (let copy = 2; taken.has(unique); copy++) unique = `${name} ${copy}`;
    taken.add(unique);
  }
  return [...taken];
}

/**
 * Which of `outputs` belongs to the device of `inputs[index]`; -1: none does for certain.
 * @param {number} index
 * @param {readonly string[]} inputs all names, as the system gives them, in its order
 * @param {readonly string[]} outputs
 */
export function mate(index, inputs, outputs) {
  const port = inputs[index] ?? "";
  const address = ADDRESS.exec(port)?.[0];
  const same = address ? outputs.findIndex((output) => output.endsWith(address)) : -1;
  if (same >= 0) return same;
  for (const key of [keyOf, keyWithoutClient]) {
    const wanted = key(port);
    const equals = (/** @type {readonly string[]} */ ports) => [...ports.keys()].filter((at) => key(ports[at] ?? "") === wanted);
    const [mine, its] = [equals(inputs), equals(outputs)];
    if (wanted && its.length) return its.length === mine.length ? its[mine.indexOf(index)] ?? -1 : -1;
  }
  return -1;
}

/** The same for both ends of one device. @param {string} port */
const keyOf = (port) => deviceName(port).toLowerCase().replace(DIRECTION, "$1").trim().replace(/\s+/g, " ").replace(KORG, "$1")
  + (ADDRESS.exec(port)?.[1] ?? "");

/** A program may open both ends under names of its own, `a:nano` and `b:nano`. @param {string} port */
function keyWithoutClient(port) {
  const key = ADDRESS.test(port) ? "" : keyOf(port).split(":").at(-1)?.trim() ?? "";
  return key.replace(GENERIC, "") && key;
}
