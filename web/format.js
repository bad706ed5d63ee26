// @ts-check
/**
 * Numbers as text for a player: "off", "×1.0", "12 %", "84 ms". What a hand sets has two digits,
 * wherever it is shown; losses, which are compared, have three. Pure.
 */

import { positionOf, valueAt } from "./control-math.js";

/** Two digits where they matter: 0.03, 1.0, 32. @param {number} value */
const twoDigits = (value) => value.toFixed(Math.abs(value) < 0.995 ? 2 : Math.abs(value) < 9.95 ? 1 : 0);

/** @param {number} part of 1 */
const percent = (part) => `${Math.round(part * 100)} %`;

/** Steps or pictures a second. */
export const formatRate = twoDigits;

/** @param {number} weight */
export function formatWeight(weight) {
  if (weight <= 0) return "off";
  return `×${weight < 0.005 ? weight.toPrecision(1) : twoDigits(weight)}`;
}

/** How much of the style; below 0 its opposite. @param {number} amount */
const formatAmount = (amount) => `×${twoDigits(amount).replace("-", "−")}`;

/** Values of the units that have a sign or a short form. @type {Record<string, (value: number) => string>} */
const UNITS = { amount: formatAmount, weight: formatWeight, times: formatWeight, part: percent, px: (value) => `${Math.round(value)} px` };

/** The value of a control, as it is shown under it. @param {ControlRow} row @param {number} position */
export function formatValue(row, position) {
  const value = valueAt(row, position);
  return UNITS[row.unit]?.(value) ?? twoDigits(value);
}

/** The same for a screen reader, with words instead of signs. @param {ControlRow} row @param {number} position */
export function formatAriaValue(row, position) {
  const text = formatValue(row, position).replace("×", "times ").replace("%", "percent");
  return row.unit in UNITS ? text : `${text} ${row.unit}`;
}

/** The position nearest to a typed value (off, 2, ×0.5, 35 %, 512 px); null: no number. @param {ControlRow} row @param {string} text */
export function parsePosition(row, text) {
  const bare = text.trim().toLowerCase().replace(",", ".");
  if (bare === "off") return positionOf(row, 0);
  const number = /^[×x*]? *([-−]?\d*\.?\d+) *(%|px)?$/.exec(bare)?.[1]?.replace("−", "-");
  if (number === undefined || (Number(number) < 0 && row.low >= 0)) return null;
  return positionOf(row, Number(number) / (row.unit === "part" ? 100 : 1));
}

/** @param {number} bytes a second */
export const formatBandwidth = (bytes) =>
  bytes < 999_500 ? `${Math.round(bytes / 1000)} kB/s` : `${(bytes / 1e6).toFixed(1)} MB/s`;

/**
 * Who moved something.
 * @param {string} source a client, or one of the server's own: midi:…, scene:…, undo, crossfade
 * @param {string} self this page's own client
 */
export function formatSource(source, self) {
  if (source === self) return "you";
  const [kind, name] = source.split(/:(.*)/s);
  if (kind === "midi") return name || "MIDI";
  if (name) return `${kind} ${name}`;
  return /^[0-9a-f]{6,}$|^c\d+$/.test(source) ? "another player" : source;
}

/** A loss in at most six characters: 0.0312, 4.71, 128, 12.3k, 3.1e−5. @param {number} loss */
export function formatLoss(loss) {
  if (!Number.isFinite(loss)) return "–";
  if (loss === 0) return "0";
  if (loss < 0.00095 || loss >= 999_500) return loss.toExponential(1).replace("e+", "e").replace("-", "−");
  if (loss < 0.0995) return loss.toFixed(4);
  return loss < 999.5 ? loss.toPrecision(3) : `${(loss / 1000).toPrecision(3)}k`;
}

/** A part of the whole; a small one is never shown as 0. @param {number} share 0..1 */
export const formatShare = (share) => (share > 0 && share < 0.005 ? "<1 %" : percent(Math.max(0, share || 0)));

/** @param {number} ms */
export const formatDelay = (ms) => (ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
