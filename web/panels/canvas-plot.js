// @ts-check
/**
 * Losses over epochs on a canvas, logarithmic: lines, marks, a scale. Knows how they are drawn,
 * not what they mean.
 */

const TOP_PX = 6;
const BOTTOM_PX = 13;
const POWERS = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 1 });

/** Begin anew. @param {HTMLCanvasElement} canvas @param {{rows: Float64Array[], low: number, high: number}} window */
export function makePlot(canvas, { rows, low, high }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const ink = getComputedStyle(canvas);
  canvas.width = width * devicePixelRatio; // which also clears it
  canvas.height = height * devicePixelRatio;
  context.scale(devicePixelRatio, devicePixelRatio);

  /** @param {number} index of a row */
  const x = (index) => (index / (rows.length - 1)) * (width - 1) + 0.5;

  /** @param {number} loss */
  const y = (loss) => TOP_PX + (Math.log10(high / loss) / Math.log10(high / low)) * (height - TOP_PX - BOTTOM_PX);

  /** @param {string} colour or the name of one @param {number} alpha @param {number} thick @param {number[]} dash @param {number[][]} points a y that is no number lifts the pen */
  function draw(colour, alpha, thick, dash, points) {
    context.strokeStyle = colour.startsWith("--") ? ink.getPropertyValue(colour) : colour;
    context.globalAlpha = alpha;
    context.lineWidth = thick;
    context.setLineDash(dash);
    context.beginPath();
    let down = false;
    for (const [across = 0, up = 0] of points) {
      if (down) context.lineTo(across, up);
      else context.moveTo(across, up);
      down = !Number.isNaN(up);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  return {
    x,

    /** A column of the rows; in front: bold. @param {number} column @param {string} colour @param {boolean} front @param {boolean} dashed */
    line(column, colour, front, dashed) {
      const step = Math.max(1, Math.floor(rows.length / width));
      const points = [];
      for (let index = (rows.length - 1) % step; index < rows.length; index += step) {
        const loss = rows[index]?.[column] ?? 0;
        points.push([x(index), loss >= low ? y(loss) : NaN]);
      }
      draw(colour, front ? 1 : 0.55, front ? 2 : 1, dashed ? [4, 2] : [], points);
    },

    /** Where it is. @param {number} index between rows @param {string} colour */
    mark(index, colour) {
      const at = Math.round(x(index)) + 0.5;
      draw(colour, 0.75, 1, [2, 2], [[at, TOP_PX], [at, height - 5]]);
      context.fillStyle = context.strokeStyle;
      context.fillRect(at - 2, height - 5, 4, 4);
      return at;
    },

    /** @param {number} index of a row */
    cursor(index) {
      const at = Math.round(x(index)) + 0.5;
      draw("--ivory", 0.6, 1, [], [[at, 0], [at, height]]);
    },

    /** The powers of ten, over the lines and readable there. */
    scale() {
      context.font = "9px sans-serif";
      context.fillStyle = ink.getPropertyValue("--quiet");
      for (let power = 10 ** Math.ceil(Math.log10(low)); power <= high; power *= 10) {
        const at = y(power);
        draw("--quiet", 0.18, 1, [], [[0, at], [width, at]]);
        context.strokeStyle = ink.getPropertyValue("--well");
        context.lineWidth = 3;
        context.strokeText(POWERS.format(power), 3, Math.max(9, at + 3));
        context.fillText(POWERS.format(power), 3, Math.max(9, at + 3));
      }
    },
  };
}
