// @ts-check
/**
 * A plot of losses over epochs on a canvas, logarithmic: lines, marks, a scale.
 */

const TOP_PX = 6;
const BOTTOM_PX = 13;
const POWERS = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 1 });

/** Clear the canvas for a new plot. @param {HTMLCanvasElement} canvas @param {{rows: Float64Array[], low: number, high: number}} window */
export function makeCanvasPlot(canvas, { rows, low, high }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const style = getComputedStyle(canvas);
  canvas.width = width * devicePixelRatio; // which also clears it
  canvas.height = height * devicePixelRatio;
  context.scale(devicePixelRatio, devicePixelRatio);

  /** @param {number} index of a row */
  const x = (index) => (index / (rows.length - 1)) * (width - 1) + 0.5;

  /** @param {number} loss */
  const y = (loss) => TOP_PX + (Math.log10(high / loss) / Math.log10(high / low)) * (height - TOP_PX - BOTTOM_PX);

  /** @param {string} color or a custom property @param {number} alpha @param {number} width @param {number[]} dash @param {number[][]} points a y of NaN is a gap */
  function drawLine(color, alpha, width, dash, points) {
    context.strokeStyle = color.startsWith("--") ? style.getPropertyValue(color) : color;
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    let connected = false;
    for (const [x = 0, y = 0] of points) {
      if (connected) context.lineTo(x, y);
      else context.moveTo(x, y);
      connected = !Number.isNaN(y);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  return {
    x,

    /** Draw a column of the rows; in front: bold. @param {number} column @param {string} color @param {boolean} front @param {number[]} dashes */
    line(column, color, front, dashes) {
      const step = Math.max(1, Math.floor(rows.length / width));
      const points = [];
      for (let index = (rows.length - 1) % step; index < rows.length; index += step) {
        const loss = rows[index]?.[column] ?? 0;
        points.push([x(index), loss >= low ? y(loss) : NaN]);
      }
      drawLine(color, front ? 1 : 0.55, front ? 2 : 1, dashes, points);
    },

    /** Draw a mark; return its x, px. @param {number} index between rows @param {string} color */
    mark(index, color) {
      const at = Math.round(x(index)) + 0.5;
      drawLine(color, 0.75, 1, [2, 2], [[at, TOP_PX], [at, height - 5]]);
      context.fillStyle = context.strokeStyle;
      context.fillRect(at - 2, height - 5, 4, 4);
      return at;
    },

    /** @param {number} index of a row */
    cursor(index) {
      const at = Math.round(x(index)) + 0.5;
      drawLine("--ivory", 0.6, 1, [], [[at, 0], [at, height]]);
    },

    /** Draw the powers of ten over the lines, outlined so that they can be read there. */
    scale() {
      context.font = "12px sans-serif";
      context.fillStyle = style.getPropertyValue("--quiet");
      for (let power = 10 ** Math.ceil(Math.log10(low)); power <= high; power *= 10) {
        const at = y(power);
        drawLine("--quiet", 0.18, 1, [], [[0, at], [width, at]]);
        context.strokeStyle = style.getPropertyValue("--inset");
        context.lineWidth = 3;
        context.strokeText(POWERS.format(power), 3, Math.max(12, at + 4));
        context.fillText(POWERS.format(power), 3, Math.max(12, at + 4));
      }
    },
  };
}
