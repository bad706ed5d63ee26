// @ts-check
/**
 * What a layer's name tells: its block, how many pixels it sees, what it governs. Pure.
 */

/** Convolutions in each block; VGG-16 is the shallower one from block 3 on, `lite` has those of VGG-19. */
const CONVOLUTIONS = { vgg16: [2, 2, 3, 3, 3], vgg19: [2, 2, 4, 4, 4] };

/** What is noticed when the layer of that reach is turned. @type {[number, string][]} */
const GOVERNS = [
  [3, "colour"], [5, "grain"], [10, "hatching"], [14, "marks"], [24, "strokes"], [32, "curls"],
  [40, "swirls"], [48, "motifs"], [60, "shapes"], [92, "forms"], [Infinity, "figures"],
];

/**
 * Side of the square of picture that one value of the layer sees, in px; null: a name of another
 * make. Each 3×3 convolution adds two strides, each 2×2 pooling adds one and doubles it.
 * @param {string} layer such as `block3_conv1`
 * @param {string} network
 */
export function receptiveField(layer, network) {
  const [, last, conv] = /^block(\d+)_conv(\d+)$/.exec(layer) ?? [];
  if (!last) return null;
  const blocks = network === "vgg16" ? CONVOLUTIONS.vgg16 : CONVOLUTIONS.vgg19;
  let side = 1;
  let stride = 1;
  for (const convolutions of blocks.slice(0, Number(last) - 1)) {
    side += 2 * stride * convolutions + stride;
    stride *= 2;
  }
  return side + 2 * stride * Number(conv);
}

/** One word for what the layer governs. @param {number | null} side receptive field, px */
export const governs = (side) => GOVERNS.find(([limit]) => side !== null && side <= limit)?.[1] ?? "layer";

/** What a handle does, in a sentence. @param {TermName} term @param {string} layer @param {number | null} side */
export function tells(term, layer, side) {
  const what = side === null ? readable(layer) : governs(side);
  return term === "style" ? `up: more of the style picture's ${what}` : `up: the content picture's ${what} stay where they are`;
}

/** @param {string} layer */
export const readable = (layer) => layer.replaceAll("_", " ");
