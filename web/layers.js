// @ts-check
/**
 * What a layer's name tells: its block, how many pixels it sees, what it governs. Pure.
 */

/** Convolutions in each block; VGG-16 is the shallower one from block 3 on. */
const CONVOLUTIONS = { vgg16: [2, 2, 3, 3, 3], vgg19: [2, 2, 4, 4, 4] };

/**
 * What a listener notices when the layer of that reach is turned; from small to large.
 * @type {[number, string][]}
 */
const GOVERNS = [
  [3, "colour"],
  [5, "grain"],
  [10, "hatching"],
  [14, "marks"],
  [24, "strokes"],
  [32, "curls"],
  [40, "swirls"],
  [48, "motifs"],
  [60, "shapes"],
  [92, "forms"],
  [Infinity, "figures"],
];

/**
 * @param {string} layer such as `block3_conv1`
 * @returns {{block: number, conv: number} | null} null for a name of another make
 */
export function partsOf(layer) {
  const match = /^block(\d+)_conv(\d+)$/.exec(layer);
  return match ? { block: Number(match[1]), conv: Number(match[2]) } : null;
}

/**
 * Side of the square of picture that one value of the layer sees, in px: each 3×3
 * convolution adds two strides, each 2×2 pooling after a block adds one and doubles it.
 * @param {string} layer
 * @param {string} network `lite` has the blocks of VGG-19
 * @returns {number | null}
 */
export function receptiveField(layer, network) {
  const parts = partsOf(layer);
  if (!parts) return null;
  const blocks = network === "vgg16" ? CONVOLUTIONS.vgg16 : CONVOLUTIONS.vgg19;
  let side = 1;
  let stride = 1;
  for (let block = 1; block < parts.block; block++) {
    side += 2 * stride * (blocks[block - 1] ?? 3) + stride;
    stride *= 2;
  }
  return side + 2 * stride * parts.conv;
}

/**
 * One word for what the layer governs.
 * @param {number | null} side receptive field, px
 */
export function governs(side) {
  if (side === null) return "layer";
  return GOVERNS.find(([limit]) => side <= limit)?.[1] ?? "layer";
}

/**
 * What a handle does, in a sentence.
 * @param {"content" | "style"} term
 * @param {string} layer
 * @param {number | null} side receptive field, px
 */
export function tells(term, layer, side) {
  const what = side === null ? readable(layer) : governs(side);
  return term === "style"
    ? `up: more of the style picture's ${what}`
    : `up: the content picture's ${what} stay where they are`;
}

/**
 * `block3_conv1` as people read it: `block3 conv1`.
 * @param {string} layer
 */
export const readable = (layer) => layer.replaceAll("_", " ");
