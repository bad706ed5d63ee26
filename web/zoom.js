// @ts-check
/**
 * Where the picture lies on the stage when one looks closer. Pure: px of the stage, counted
 * from its middle.
 */

import { clamp } from "./curve.js";

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{scale: number, x: number, y: number}} View scale 1: as it fits; x, y: its middle */
/**
 * @typedef {object} Room
 * @property {Point} size of the picture as it fits
 * @property {Point} stage
 * @property {number} one scale at which a pixel of the picture is one of the screen
 */

/** @type {View} */
export const FIT = { scale: 1, x: 0, y: 0 };
/** Screen pixels of one pixel of the picture, at most. */
const MOST = 16;

/** Neither lost in the dark nor larger than of use; smaller than the stage, it stays in it. @param {View} view @param {Room} room @returns {View} */
export function held({ scale, x, y }, { size, stage, one }) {
  const s = Math.min(Math.max(scale, Math.min(1, one)), Math.max(4, MOST * one));
  const near = (/** @type {number} */ at, /** @type {"x" | "y"} */ way) => {
    const spare = Math.abs(size[way] * s - stage[way]) / 2;
    return (2 * clamp(at / (2 * (spare || 1)) + 0.5) - 1) * spare;
  };
  return s === 1 ? FIT : { scale: s, x: near(x, "x"), y: near(y, "y") };
}

/** Grow or shrink round a point, which stays where it is. @param {View} view @param {number} factor @param {Point} at @param {Room} room */
export function zoomed(view, factor, at, room) {
  const { scale } = held({ ...view, scale: view.scale * factor }, room);
  const by = scale / view.scale;
  return held({ scale, x: at.x + (view.x - at.x) * by, y: at.y + (view.y - at.y) * by }, room);
}

/** Two fingers carry what lies under them. @param {View} view @param {[Point, Point]} before @param {[Point, Point]} after @param {Room} room */
export function pinched(view, before, after, room) {
  const [from, to] = [middle(before), middle(after)];
  const grown = zoomed(view, apart(after) / Math.max(1, apart(before)), from, room);
  return held({ ...grown, x: grown.x + to.x - from.x, y: grown.y + to.y - from.y }, room);
}

/** @param {[Point, Point]} points */
const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
/** @param {[Point, Point]} points */
const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
