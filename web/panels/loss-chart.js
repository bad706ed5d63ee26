// @ts-check
/**
 * The loss history as a chart: a hue for each layer, dashes for each kind of term, a mark at each
 * move. A native range lies over it and chooses an epoch, whose losses are shown below.
 */

import { clamp } from "../control-math.js";
import { positionFromJson } from "../control-store.js";
import { byId, el, setProps, setText } from "../dom.js";
import { formatLoss, formatSource, formatValue } from "../format.js";
import { makeCanvasPlot } from "./canvas-plot.js";
import { LossHistory, MAX_EPOCHS } from "./loss-history.js";

/** @typedef {import("./loss-history.js").Mark} Mark */

/** Drawing more often shows nothing more, ms. */
const DRAW_MS = 200;
const SPANS = [150, 600, MAX_EPOCHS];
/** Of the kinds of terms: solid, dashed, dotted. */
const DASHES = [[], [4, 2], [1, 2]];
/** The cursor selects a mark within so many px. */
const NEAR_PX = 7;

/** @param {Page} page */
export function start({ store, layers, layerTerms, names: { nameOf }, on }) {
  const history = new LossHistory(layers.map(({ name }) => name), layerTerms.map(({ name }) => name));
  let client = "";
  let drawnAt = -Infinity;
  /** Index of the chosen row; -1: none. */
  let cursor = -1;

  const spans = el("select", { "aria-label": "epochs shown", onchange: draw }, ...SPANS.map((n) => el("option", { value: n }, `${n} epochs`)));
  spans.value = "600";
  const canvas = el("canvas", { "aria-hidden": "true" });
  const input = el("input", {
    type: "range", min: 0, max: 1, value: 1, "aria-label": "epoch",
    oninput: () => setCursor(Number(input.value) / Math.max(1, Number(input.max))),
    onpointermove: onPointer, onpointerdown: onPointer, onpointerleave: () => setCursor(NaN),
  });
  const [summary, move] = [el("p", {}, "nothing painted yet"), el("p", { class: "last-move" })];
  byId("history-panel").append(
    el("header", {}, el("h2", {}, "last"), spans, el("a", { href: "api/losses.csv", download: "losses.csv" }, "CSV")),
    el("div", { class: "chart" }, canvas, input), summary, move,
  );
  new ResizeObserver(draw).observe(canvas);
  setProps(byId("strips"), { onpointerover: draw, onpointerleave: draw });

  on("snapshot", async (snapshot) => {
    client = snapshot.client;
    if (history.rows.length > 1) return;
    const response = await fetch(`api/losses.csv?last=${MAX_EPOCHS}`);
    if (response.ok) history.prepend(await response.text());
    draw();
  });
  on("epoch", (epoch) => {
    history.add(epoch);
    // A chosen epoch stays chosen while the lines move on.
    if (cursor > 0 && history.rows.length >= Number(spans.value)) cursor--;
    if (!document.hidden && performance.now() - drawnAt >= DRAW_MS) draw();
  });
  on("changed", ({ rev, source, controls }) => {
    // Listeners run before the store applies the change: it still has the old positions.
    const moved = Object.entries(controls).map(([name, value]) => {
      const to = positionFromJson(store.row(name), value);
      return /** @type {const} */ ([name, [store.confirmed(name) ?? to, to]]);
    });
    history.addMove({ rev, source, controls: moved });
  });

  /** @param {number} part of the width, from 0 to 1; NaN: the pointer has left */
  function setCursor(part) {
    const rows = Math.min(history.rows.length, Number(spans.value));
    cursor = rows && part >= -1 ? Math.round(clamp(part) * (rows - 1)) : -1;
    draw();
  }
  /** @param {PointerEvent} event */
  function onPointer({ clientX }) {
    const { left, width } = input.getBoundingClientRect();
    setCursor((clientX - left) / width);
  }

  function draw() {
    drawnAt = performance.now();
    const window = history.window(Number(spans.value));
    const { rows } = window;
    if (!canvas.clientWidth || rows.length < 2) return;
    input.max = String(rows.length - 1);
    const plot = makeCanvasPlot(canvas, window);
    const highlighted = history.terms.map(isHighlighted);
    for (const front of [false, true]) {
      for (const [term, isFront] of highlighted.entries()) {
        const hue = 25 + ((term % layers.length) * 290) / layers.length;
        const dashes = DASHES[Math.floor(term / layers.length) % DASHES.length] ?? [];
        if (isFront === front) plot.line(term + 2, `hsl(${hue} 65% 62%)`, front, dashes);
      }
    }
    plot.line(1, "--ivory", true, []);
    plot.scale();
    const near = drawMarks(plot, rows);
    if (cursor >= 0) plot.cursor(cursor);
    showDetails(rows[cursor < 0 ? rows.length - 1 : cursor] ?? [], near);
  }

  /** Return the mark at the cursor. @param {ReturnType<typeof makeCanvasPlot>} plot @param {Float64Array[]} rows */
  function drawMarks(plot, rows) {
    const [[first = 0] = [], [last = 0] = []] = [rows[0], rows.at(-1)];
    /** @type {Mark | undefined} */
    let near;
    for (const mark of history.marks) {
      if (mark.epoch === null || mark.epoch < first) continue;
      const terms = new Set([...mark.controls.keys()].map((name) => store.row(name).term));
      const at = plot.mark(((mark.epoch - first) / (last - first)) * (rows.length - 1), termColor([...terms]));
      if (cursor >= 0 && Math.abs(at - plot.x(cursor)) <= NEAR_PX) near = mark;
    }
    return near;
  }

  /** Is its strip under the pointer, or itself soloed? @param {string} name of a term */
  const isHighlighted = (name) => store.position(`${name}.solo`) > 0
    || document.querySelector(`.strip[data-layer="${store.row(name).layer}"]:hover`) !== null;

  /** The lines below: an epoch and its greatest term, and a move. @param {ArrayLike<number>} row @param {Mark} [mark] at the cursor */
  function showDetails(row, mark) {
    const [epoch = 0, total = 0, ...losses] = Array.from(row);
    const most = Math.max(...losses);
    const greatest = nameOf(history.terms[losses.indexOf(most)] ?? "");
    const text = `epoch ${epoch} · total ${formatLoss(total)} · most ${greatest} ${formatLoss(most)}`;
    setText(summary, text);
    const shown = mark ?? (cursor < 0 ? history.marks.at(-1) : undefined);
    setText(move, shown ? formatMove(shown) : "");
    setProps(input, { "aria-valuetext": mark ? `${text}; ${formatMove(mark)}` : text });
  }

  /** @param {Mark} mark */
  function formatMove({ source, controls }) {
    const moves = [...controls].map(([name, [from, to]]) => {
      const row = store.row(name);
      const values = row.kind === "fader" ? `${formatValue(row, from)} → ${formatValue(row, to)}` : (row.choices[to] ?? (to ? "on" : "off"));
      return `${nameOf(name)} ${values}`;
    });
    const more = moves.length > 2 ? ` and ${moves.length - 2} more` : "";
    return `${formatSource(source, client)}: ${moves.slice(0, 2).join(", ")}${more}`;
  }
}

/** The colour of a term, where all that moved is of that one. @param {(string | null)[]} terms */
const termColor = ([only, ...others]) => (only && !others.length ? `--${only}` : "--ivory");
