// @ts-check
/**
 * The history as a picture: total and each term over the last epochs, logarithmic, with a
 * stroke where someone moved something. A native range lies over it: pointer or arrows
 * choose an epoch, and the lines below say what it held and who had just moved what.
 */

import { byId, make, say, style } from "./element.js";
import { History, MAX_EPOCHS } from "./history.js";
import { governs, readable, receptiveField } from "./layers.js";
import { lossWords, sourceWords, valueWords } from "./words.js";

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./history.js").Mark} Mark */

/** Lines that move faster say no more, ms. */
const DRAW_MS = 200;
const SPANS = [150, 600, MAX_EPOCHS];
/** A mark is meant within so many px. */
const NEAR_PX = 7;
const PAD = { top: 6, bottom: 13 };

/** @param {Page} page */
export function start(page) {
  style("chart.css");
  const panel = byId("history-panel", HTMLElement);
  const chart = new Chart(panel, page);
  page.hear("snapshot", (snapshot) => chart.restart(snapshot));
  page.hear("epoch", (epoch) => chart.add(epoch));
  page.hear("changed", (message) => chart.changed(message));
  panel.hidden = false;
}

class Chart {
  #history;
  #page;
  #client = "";
  #network = "";
  /** Positions as the server told them last. @type {Record<string, number>} */
  #told = {};
  #span = 600;
  #drawnAt = -Infinity;
  #cursor = -1;
  #size = { width: 0, height: 0 };
  #canvas = make("canvas", { "aria-hidden": "true" });
  #input = make("input", { type: "range", min: "0", max: "1", value: "1", "aria-label": "epoch" });
  #says = make("p", {}, "nothing painted yet");
  #who = make("p", { class: "who" });
  #context = this.#canvas.getContext("2d");
  /** @type {Record<string, string>} */
  #ink = {};

  /**
   * @param {HTMLElement} panel
   * @param {Page} page
   */
  constructor(panel, page) {
    this.#page = page;
    this.#history = new History(page.layers);
    const spans = make("select", { "aria-label": "epochs shown" }, ...SPANS.map((n) => make("option", { value: `${n}` }, `${n} epochs`)));
    spans.value = String(this.#span);
    spans.addEventListener("change", () => {
      this.#span = Number(spans.value);
      this.#draw();
    });
    panel.replaceChildren(
      make("header", {}, make("h2", {}, "last"), spans, make("a", { href: "api/losses.csv", download: "losses.csv" }, "CSV")),
      make("div", { class: "chart" }, this.#canvas, this.#input),
      this.#says,
      this.#who,
    );
    this.#watchHand();
    new ResizeObserver(([entry]) => {
      if (entry) this.#resize(entry.contentRect.width, entry.contentRect.height);
    }).observe(this.#canvas);
  }

  #watchHand() {
    const input = this.#input;
    const at = (/** @type {number} */ part) => {
      const rows = this.#rows.length;
      this.#cursor = rows ? Math.round(Math.min(1, Math.max(0, part)) * (rows - 1)) : -1;
      this.#draw();
    };
    const point = (/** @type {PointerEvent} */ event) => {
      const box = input.getBoundingClientRect();
      at((event.clientX - box.left) / box.width);
    };
    input.addEventListener("pointermove", point);
    input.addEventListener("pointerdown", point);
    input.addEventListener("pointerleave", () => {
      this.#cursor = -1;
      this.#draw();
    });
    input.addEventListener("input", () => at(Number(input.value) / Math.max(1, Number(input.max))));
  }

  get #rows() {
    return this.#history.rows.slice(-this.#span);
  }

  /** @param {import("./types.js").Snapshot} snapshot */
  async restart(snapshot) {
    this.#client = snapshot.client;
    this.#network = snapshot.state.network ?? "";
    this.#told = Object.fromEntries(Object.entries(snapshot.controls).map(([name, value]) => [name, Number(value)]));
    if (this.#history.rows.length > 1) return;
    const answer = await fetch(`api/losses.csv?last=${MAX_EPOCHS}`);
    if (answer.ok) this.#history.fill(await answer.text());
    this.#draw();
  }

  /** @param {import("./types.js").Epoch} epoch */
  add(epoch) {
    this.#history.add(epoch);
    // Who looks at an epoch keeps it, while the lines move on.
    const scrolled = this.#history.rows.length >= this.#span;
    if (this.#cursor > 0 && scrolled) this.#cursor--;
    if (document.hidden || performance.now() - this.#drawnAt < DRAW_MS) return;
    this.#draw();
  }

  /** @param {import("./types.js").Changed} message */
  changed({ rev, source, controls }) {
    /** @type {Record<string, [number, number]>} */
    const moved = {};
    for (const [name, value] of Object.entries(controls)) {
      const row = this.#page.store.row(name);
      const to = row.kind === "choice" ? row.choices.indexOf(String(value)) : Number(value);
      moved[name] = [this.#told[name] ?? to, to];
      this.#told[name] = to;
    }
    this.#history.changed({ rev, source, controls: moved });
  }

  /** Fit the canvas to its place; the style sheet's colours are read then.
   * @param {number} width
   * @param {number} height CSS px
   */
  #resize(width, height) {
    const scale = devicePixelRatio || 1;
    this.#size = { width, height };
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#context?.setTransform(scale, 0, 0, scale, 0, 0);
    const styles = getComputedStyle(this.#canvas);
    for (const name of ["content", "style", "ivory", "quiet", "well"]) this.#ink[name] = styles.getPropertyValue(`--${name}`);
    this.#draw();
  }

  #draw() {
    this.#drawnAt = performance.now();
    const context = this.#context;
    const { width, height } = this.#size;
    const { rows, low, high } = this.#history.window(this.#span);
    if (!context || !width || rows.length < 2) return;
    this.#input.max = String(rows.length - 1);
    const deep = (height - PAD.top - PAD.bottom) / Math.log10(high / low);
    const x = (/** @type {number} */ index) => (index / (rows.length - 1)) * (width - 1) + 0.5;
    const y = (/** @type {number} */ loss) => PAD.top + Math.log10(high / loss) * deep;
    context.clearRect(0, 0, width, height);
    context.lineWidth = 1;
    const powers = [];
    for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) powers.push(10 ** power);
    for (const power of powers) {
      const level = Math.round(y(power)) + 0.5;
      this.#line(context, "quiet", 0.18, [0, level, width, level]);
    }
    const step = Math.max(1, Math.floor(rows.length / width));
    for (let column = this.#history.terms.length + 1; column >= 1; column--) {
      const ink = column === 1 ? "ivory" : column - 2 < this.#page.layers.length ? "content" : "style";
      const points = [];
      for (let index = (rows.length - 1) % step; index < rows.length; index += step) {
        const loss = rows[index]?.[column] ?? 0;
        points.push(x(index), loss >= low ? y(loss) : NaN);
      }
      context.lineWidth = column === 1 ? 1.8 : 1;
      this.#line(context, ink, column === 1 ? 1 : 0.5, points);
    }
    this.#scale(context, powers, y);
    this.#tell(rows, this.#drawMarks(context, rows, x));
    if (this.#cursor < 0) return;
    const at = Math.round(x(Math.min(this.#cursor, rows.length - 1))) + 0.5;
    this.#line(context, "ivory", 0.6, [at, 0, at, height]);
  }

  /** Numbers at the powers of ten, over the lines and readable there.
   * @param {CanvasRenderingContext2D} context
   * @param {number[]} powers
   * @param {(loss: number) => number} y
   */
  #scale(context, powers, y) {
    context.font = "9px sans-serif";
    context.lineWidth = 3;
    context.strokeStyle = this.#ink.well ?? "";
    context.fillStyle = this.#ink.quiet ?? "";
    for (const power of powers) {
      const at = Math.max(9, y(power) + 3);
      const words = power < 1e-3 ? lossWords(power) : power < 1e3 ? `${+power.toFixed(3)}` : power < 1e6 ? `${power / 1e3}k` : `${power / 1e6}M`;
      context.strokeText(words, 3, at);
      context.fillText(words, 3, at);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {string} ink
   * @param {number} alpha
   * @param {number[]} points x, y, x, y …; a y that is not a number lifts the pen
   */
  #line(context, ink, alpha, points) {
    context.strokeStyle = this.#ink[ink] ?? "";
    context.globalAlpha = alpha;
    context.beginPath();
    let down = false;
    for (let index = 0; index < points.length; index += 2) {
      const [x = 0, y = 0] = [points[index], points[index + 1]];
      if (down) context.lineTo(x, y);
      else context.moveTo(x, y);
      down = !Number.isNaN(y);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float64Array[]} rows
   * @param {(index: number) => number} x
   * @returns {Mark | undefined} the one under the hand
   */
  #drawMarks(context, rows, x) {
    const first = rows[0]?.[0] ?? 0;
    const last = rows.at(-1)?.[0] ?? 0;
    const { height } = this.#size;
    let near;
    let nearest = NEAR_PX;
    context.lineWidth = 1;
    for (const mark of this.#history.marks) {
      if (mark.epoch === null || mark.epoch < first) continue;
      const at = x(((mark.epoch - first) / (last - first)) * (rows.length - 1));
      const ink = inkOf(mark);
      context.setLineDash([2, 2]);
      this.#line(context, ink, 0.75, [Math.round(at) + 0.5, PAD.top, Math.round(at) + 0.5, height - 5]);
      context.setLineDash([]);
      context.fillStyle = this.#ink[ink] ?? "";
      context.fillRect(Math.round(at) - 1.5, height - 5, 4, 4);
      const away = Math.abs(at - x(this.#cursor));
      if (this.#cursor >= 0 && away <= nearest) [near, nearest] = [mark, away];
    }
    return near;
  }

  /**
   * The lines below: the epoch under the hand and its greatest term, or the newest.
   * @param {Float64Array[]} rows
   * @param {Mark | undefined} mark
   */
  #tell(rows, mark) {
    const row = rows[this.#cursor < 0 ? rows.length - 1 : this.#cursor];
    if (!row) return;
    const [epoch = 0, total = 0, ...losses] = row;
    const most = losses.indexOf(Math.max(...losses));
    const term = this.#history.terms[most] ?? "";
    const words = `epoch ${epoch} · total ${lossWords(total)} · most ${this.#name(term)} ${lossWords(losses[most] ?? 0)}`;
    say(this.#says, words);
    const shown = mark ?? (this.#cursor < 0 ? this.#history.marks.at(-1) : undefined);
    say(this.#who, shown ? this.#move(shown) : "");
    this.#input.setAttribute("aria-valuetext", mark ? `${words}; ${this.#move(mark)}` : words);
  }

  /** @param {Mark} mark */
  #move({ source, controls }) {
    const moves = [...controls].map(([name, [from, to]]) => {
      const row = this.#page.store.row(name);
      return row.kind === "fader"
        ? `${this.#name(name)} ${valueWords(row, from)} → ${valueWords(row, to)}`
        : `${this.#name(name)} ${row.choices[to] ?? (to ? "on" : "off")}`;
    });
    const more = moves.length > 2 ? ` and ${moves.length - 2} more` : "";
    return `${sourceWords(source, this.#client)}: ${moves.slice(0, 2).join(", ")}${more}`;
  }

  /**
   * `style.block3_conv1` as the mixer calls it: style strokes.
   * @param {string} name of a control
   */
  #name(name) {
    return name.split(".").map((part) => {
      const what = governs(receptiveField(part, this.#network));
      return what === "layer" ? readable(part) : what;
    }).join(" ");
  }
}

/** The colour of a mark: its term's, where all that moved is of one term.
 * @param {Mark} mark
 */
function inkOf({ controls }) {
  const terms = new Set([...controls.keys()].map((name) => name.split(".")[0]));
  const [only = ""] = terms;
  return terms.size === 1 && (only === "content" || only === "style") ? only : "ivory";
}
