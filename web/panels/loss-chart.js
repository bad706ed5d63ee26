// @ts-check
/**
 * The history as a picture: total and each term over the last epochs, logarithmic, a hue for
 * each layer, style dashed, with a stroke where someone moved something. A native range lies
 * over it: pointer or arrows choose an epoch, and the lines below say what it held and who had
 * just moved what. The strip under the pointer, or soloed, has its lines in front.
 */

import { clamp } from "../control-math.js";
import { byId, make, say, set } from "../dom.js";
import { History, MAX_EPOCHS } from "./loss-history.js";
import { governs, readable, receptiveField } from "../layers.js";
import { makePlot } from "./canvas-plot.js";
import { positionFor } from "../control-store.js";
import { lossWords, sourceWords, valueWords } from "../format.js";

/** @typedef {import("./loss-history.js").Mark} Mark */

/** Lines that move faster say no more, ms. */
const DRAW_MS = 200;
const SPANS = [150, 600, MAX_EPOCHS];
/** A mark is meant within so many px. */
const NEAR_PX = 7;

/** @param {Page} page */
export function start({ store, layers, hear, network }) {
  const history = new History(layers);
  let client = "";
  let drawnAt = -Infinity;
  /** The epoch under the hand; -1: none. */
  let cursor = -1;

  const spans = make("select", { "aria-label": "epochs shown", onchange: draw }, ...SPANS.map((n) => make("option", { value: n }, `${n} epochs`)));
  spans.value = "600";
  const canvas = make("canvas", { "aria-hidden": "true" });
  const input = make("input", {
    type: "range", min: 0, max: 1, value: 1, "aria-label": "epoch",
    oninput: () => look(Number(input.value) / Math.max(1, Number(input.max))),
    onpointermove: point, onpointerdown: point, onpointerleave: () => look(NaN),
  });
  const [says, who] = [make("p", {}, "nothing painted yet"), make("p", { class: "who" })];
  byId("history-panel").append(
    make("header", {}, make("h2", {}, "last"), spans, make("a", { href: "api/losses.csv", download: "losses.csv" }, "CSV")),
    make("div", { class: "chart" }, canvas, input), says, who,
  );
  new ResizeObserver(draw).observe(canvas);
  set(byId("strips"), { onpointerover: draw, onpointerleave: draw });

  hear("snapshot", async (snapshot) => {
    client = snapshot.client;
    if (history.rows.length > 1) return;
    const answer = await fetch(`api/losses.csv?last=${MAX_EPOCHS}`);
    if (answer.ok) history.fill(await answer.text());
    draw();
  });
  hear("epoch", (epoch) => {
    history.add(epoch);
    // Who looks at an epoch keeps it, while the lines move on.
    if (cursor > 0 && history.rows.length >= Number(spans.value)) cursor--;
    if (!document.hidden && performance.now() - drawnAt >= DRAW_MS) draw();
  });
  hear("changed", ({ rev, source, controls }) => {
    // Panels hear of a change before the store does.
    const moved = Object.entries(controls).map(([name, value]) => {
      const to = positionFor(store.row(name), value);
      return /** @type {const} */ ([name, [store.told(name) ?? to, to]]);
    });
    history.changed({ rev, source, controls: moved });
  });

  /** @param {number} part of the width, from 0 to 1; NaN: the hand has gone */
  function look(part) {
    const rows = Math.min(history.rows.length, Number(spans.value));
    cursor = rows && part >= -1 ? Math.round(clamp(part) * (rows - 1)) : -1;
    draw();
  }
  /** @param {PointerEvent} event */
  function point({ clientX }) {
    const { left, width } = input.getBoundingClientRect();
    look((clientX - left) / width);
  }

  function draw() {
    drawnAt = performance.now();
    const window = history.window(Number(spans.value));
    const { rows } = window;
    if (!canvas.clientWidth || rows.length < 2) return;
    input.max = String(rows.length - 1);
    const plot = makePlot(canvas, window);
    const meant = history.terms.map(isMeant);
    for (const front of [false, true]) {
      for (const [term, isFront] of meant.entries()) {
        const hue = 25 + ((term % layers.length) * 290) / layers.length;
        if (isFront === front) plot.line(term + 2, `hsl(${hue} 65% 62%)`, front, term >= layers.length);
      }
    }
    plot.line(1, "--ivory", true, false);
    plot.scale();
    const near = drawMarks(plot, rows);
    if (cursor >= 0) plot.cursor(cursor);
    tell(rows[cursor < 0 ? rows.length - 1 : cursor] ?? [], near);
  }

  /** The mark under the hand is told. @param {ReturnType<typeof makePlot>} plot @param {Float64Array[]} rows */
  function drawMarks(plot, rows) {
    const [[first = 0] = [], [last = 0] = []] = [rows[0], rows.at(-1)];
    /** @type {Mark | undefined} */
    let near;
    for (const mark of history.marks) {
      if (mark.epoch === null || mark.epoch < first) continue;
      const at = plot.mark(((mark.epoch - first) / (last - first)) * (rows.length - 1), inkOf(mark));
      if (cursor >= 0 && Math.abs(at - plot.x(cursor)) <= NEAR_PX) near = mark;
    }
    return near;
  }

  /** Is its strip under the pointer, or itself soloed? @param {string} name of a term */
  const isMeant = (name) => store.position(`${name}.solo`) > 0
    || document.querySelector(`.strip[data-layer="${name.split(".")[1]}"]:hover`) !== null;

  /** The lines below: an epoch and its greatest term, and a move. @param {ArrayLike<number>} row @param {Mark} [mark] under the hand */
  function tell(row, mark) {
    const [epoch = 0, total = 0, ...losses] = Array.from(row);
    const most = Math.max(...losses);
    const words = `epoch ${epoch} · total ${lossWords(total)} · most ${called(history.terms[losses.indexOf(most)] ?? "")} ${lossWords(most)}`;
    say(says, words);
    const shown = mark ?? (cursor < 0 ? history.marks.at(-1) : undefined);
    say(who, shown ? moveWords(shown) : "");
    set(input, { "aria-valuetext": mark ? `${words}; ${moveWords(mark)}` : words });
  }

  /** @param {Mark} mark */
  function moveWords({ source, controls }) {
    const moves = [...controls].map(([name, [from, to]]) => {
      const row = store.row(name);
      const words = row.kind === "fader" ? `${valueWords(row, from)} → ${valueWords(row, to)}` : (row.choices[to] ?? (to ? "on" : "off"));
      return `${called(name)} ${words}`;
    });
    const more = moves.length > 2 ? ` and ${moves.length - 2} more` : "";
    return `${sourceWords(source, client)}: ${moves.slice(0, 2).join(", ")}${more}`;
  }

  /** `style.block3_conv1` as the mixer calls it: style strokes. @param {string} name of a control */
  function called(name) {
    return name.split(".").map((part) => {
      const side = receptiveField(part, network());
      return side === null ? readable(part) : governs(side);
    }).join(" ");
  }
}

/** The colour of a mark: its term's, where all that moved is of one term. @param {Mark} mark */
function inkOf({ controls }) {
  const terms = new Set([...controls.keys()].map((name) => name.split(".")[0]));
  const [only = ""] = terms;
  return terms.size === 1 && /^(content|style)$/.test(only) ? `--${only}` : "--ivory";
}
