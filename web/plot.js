// @ts-check
/**
 * Losses over epochs on a canvas, logarithmic: lines, marks, a scale. Knows how they are drawn,
 * not what they mean.
 */

const TOP_PX = 6;
const BOTTOM_PX = 13;
const POWERS = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 1 });

export class Plot {
  #context;
  #ink;
  #rows;
  #low;
  #high;
  #width;
  #height;

  /** Begin anew. @param {HTMLCanvasElement} canvas @param {{rows: Float64Array[], low: number, high: number}} window */
  constructor(canvas, { rows, low, high }) {
    this.#rows = rows;
    this.#low = low;
    this.#high = high;
    this.#width = canvas.clientWidth;
    this.#height = canvas.clientHeight;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#ink = getComputedStyle(canvas);
    canvas.width = this.#width * devicePixelRatio; // which also clears it
    canvas.height = this.#height * devicePixelRatio;
    this.#context.scale(devicePixelRatio, devicePixelRatio);
  }

  /** @param {number} index of a row */
  x(index) {
    return (index / (this.#rows.length - 1)) * (this.#width - 1) + 0.5;
  }

  /** @param {number} loss */
  #y(loss) {
    return TOP_PX + (Math.log10(this.#high / loss) / Math.log10(this.#high / this.#low)) * (this.#height - TOP_PX - BOTTOM_PX);
  }

  /** @param {string} colour or the name of one @param {number} alpha @param {number} width @param {number[]} dash @param {number[][]} points a y that is no number lifts the pen */
  #draw(colour, alpha, width, dash, points) {
    const context = this.#context;
    context.strokeStyle = colour.startsWith("--") ? this.#ink.getPropertyValue(colour) : colour;
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    let down = false;
    for (const [x = 0, y = 0] of points) {
      if (down) context.lineTo(x, y);
      else context.moveTo(x, y);
      down = !Number.isNaN(y);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /** A column of the rows; in front: bold. @param {number} column @param {string} colour @param {boolean} front @param {boolean} dashed */
  line(column, colour, front, dashed) {
    const step = Math.max(1, Math.floor(this.#rows.length / this.#width));
    const points = [];
    for (let index = (this.#rows.length - 1) % step; index < this.#rows.length; index += step) {
      const loss = this.#rows[index]?.[column] ?? 0;
      points.push([this.x(index), loss >= this.#low ? this.#y(loss) : NaN]);
    }
    this.#draw(colour, front ? 1 : 0.55, front ? 2 : 1, dashed ? [4, 2] : [], points);
  }

  /** Where it is. @param {number} index between rows @param {string} colour */
  mark(index, colour) {
    const at = Math.round(this.x(index)) + 0.5;
    this.#draw(colour, 0.75, 1, [2, 2], [[at, TOP_PX], [at, this.#height - 5]]);
    this.#context.fillStyle = this.#context.strokeStyle;
    this.#context.fillRect(at - 2, this.#height - 5, 4, 4);
    return at;
  }

  /** @param {number} index of a row */
  cursor(index) {
    const at = Math.round(this.x(index)) + 0.5;
    this.#draw("--ivory", 0.6, 1, [], [[at, 0], [at, this.#height]]);
  }

  /** The powers of ten, over the lines and readable there. */
  scale() {
    const context = this.#context;
    context.font = "9px sans-serif";
    context.fillStyle = this.#ink.getPropertyValue("--quiet");
    for (let power = 10 ** Math.ceil(Math.log10(this.#low)); power <= this.#high; power *= 10) {
      const y = this.#y(power);
      this.#draw("--quiet", 0.18, 1, [], [[0, y], [this.#width, y]]);
      context.strokeStyle = this.#ink.getPropertyValue("--well");
      context.lineWidth = 3;
      context.strokeText(POWERS.format(power), 3, Math.max(9, y + 3));
      context.fillText(POWERS.format(power), 3, Math.max(9, y + 3));
    }
  }
}
