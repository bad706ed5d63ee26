// @ts-check
/**
 * Numbers as a player reads them: "off", "×1.0", "12 %", "84 ms". Pure.
 */

import { positionOf, valueAt } from "./curve.js";

/** @typedef {import("./types.js").Row} Row */

/**
 * A weight: off, ×0.03, ×1.0, ×32.
 * @param {number} weight
 */
export function weightWords(weight) {
  if (weight <= 0) return "off";
  if (weight < 0.005) return `×${weight.toPrecision(1)}`;
  return `×${weight.toFixed(weight < 0.995 ? 2 : weight < 9.95 ? 1 : 0)}`;
}

/**
 * What stands under a handle.
 * @param {Row} row
 * @param {number} position
 */
export function valueWords(row, position) {
  const value = valueAt(row, position);
  if (row.unit === "weight" || row.unit === "times") return weightWords(value);
  if (row.unit === "part") return `${Math.round(value * 100)} %`;
  if (row.unit === "px") return `${Math.round(value)} px`;
  return value.toFixed(value < 9.95 ? 1 : 0);
}

/**
 * The same for a screen reader, which says "times" for no sign but its own.
 * @param {Row} row
 * @param {number} position
 */
export function spokenWords(row, position) {
  const words = valueWords(row, position).replace("×", "times ").replace("%", "percent");
  return /weight|part|times|px/.test(row.unit) ? words : `${words} ${row.unit}`;
}

/**
 * What a person types for a value: off, 2, ×0.5, 35 %, 512 px.
 * @param {Row} row
 * @param {string} text
 * @returns {number | null} the position that comes nearest; null: no number
 */
export function positionTyped(row, text) {
  const bare = text.trim().toLowerCase().replace(",", ".");
  if (bare === "off") return 0;
  const number = /^[×x*]? *(\d*\.?\d+) *(%|px)?$/.exec(bare)?.[1];
  if (number === undefined) return null;
  return positionOf(row, Number(number) / (row.unit === "part" ? 100 : 1));
}

/**
 * Bytes a second: 0 kB/s, 640 kB/s, 1.2 MB/s.
 * @param {number} bytes
 */
export function flowWords(bytes) {
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB/s` : `${(bytes / 1e6).toFixed(1)} MB/s`;
}

/**
 * Who moved something, from `changed.source`.
 * @param {string} source a client, or what the server names: midi:…, scene:…, undo, crossfade
 * @param {string} self this page's own client
 */
export function sourceWords(source, self) {
  if (source === self) return "you";
  const [kind, name] = source.split(/:(.*)/s);
  if (kind === "midi") return name || "MIDI";
  if (name) return `${kind} ${name}`;
  return /^[0-9a-f]{6,}$|^c\d+$/.test(source) ? "another player" : source;
}

/**
 * A loss in at most six characters: 0.0312, 4.71, 128, 12.3k, 3.1e−5.
 * @param {number} loss
 */
export function lossWords(loss) {
  if (!Number.isFinite(loss)) return "–";
  if (loss === 0) return "0";
  const size = Math.abs(loss);
  if (size >= 999.5 && size < 999_500) return `${(loss / 1000).toPrecision(3)}k`;
  if (size >= 999_500 || size < 0.00095) {
    return loss.toExponential(1).replace("e+", "e").replace("e-", "e−");
  }
  if (size < 0.0995) return loss.toFixed(4);
  return loss.toPrecision(3);
}

/**
 * A part of the whole; what is there but small is never called 0.
 * @param {number} share 0..1
 */
export function shareWords(share) {
  if (!(share > 0)) return "0 %";
  if (share < 0.005) return "<1 %";
  return `${Math.round(share * 100)} %`;
}

/**
 * Steps or pictures a second.
 * @param {number} rate
 */
export function rateWords(rate) {
  return rate.toFixed(rate < 0.995 ? 2 : rate < 9.95 ? 1 : 0);
}

/**
 * A delay: 84 ms, 1.2 s.
 * @param {number} ms
 */
export function delayWords(ms) {
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
