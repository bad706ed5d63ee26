// @ts-check
/**
 * What a layer's name implies: its receptive field and the effect that it has. Pure.
 */

/** Convolutions in each block; VGG-16 is the shallower one from block 3 on, `lite` has those of VGG-19. */
const CONVOLUTIONS = { vgg16: [2, 2, 3, 3, 3], vgg19: [2, 2, 4, 4, 4] };

/** What one notices when a layer of up to that receptive field is turned. @type {[px: number, name: string][]} */
const EFFECTS = [
  [3, "colour"], [5, "grain"], [10, "hatching"], [14, "marks"], [24, "strokes"], [32, "curls"],
  [40, "swirls"], [48, "motifs"], [60, "shapes"], [92, "forms"], [Infinity, "figures"],
];

/**
 * Side of the square of pixels that one value of the layer depends on, px; null for names of
 * another form. Each 3×3 convolution adds two strides, each 2×2 pooling adds one and doubles it.
 * @param {string} layer such as `block3_conv1`
 * @param {string} network
 */
export function receptiveField(layer, network) {
  const [, block, conv] = /^block(\d+)_conv(\d+)$/.exec(layer) ?? [];
  if (!block) return null;
  const blocks = network === "vgg16" ? CONVOLUTIONS.vgg16 : CONVOLUTIONS.vgg19;
  let side = 1;
  let stride = 1;
  for (const convolutions of blocks.slice(0, Number(block) - 1)) {
    side += 2 * stride * convolutions + stride;
    stride *= 2;
  }
  return side + 2 * stride * Number(conv);
}

/** One word for what a layer changes. @param {number | null} field receptive field, px */
export const effectName = (field) => EFFECTS.find(([limit]) => field !== null && field <= limit)?.[1] ?? "layer";

/** What raising a term of a layer does, in a sentence. @param {TermName} term @param {string} layer @param {number | null} field */
export function describe(term, layer, field) {
  const effect = field === null ? layerLabel(layer) : effectName(field);
  return term === "style" ? `up: more of the style picture's ${effect}` : `up: the content picture's ${effect} stay where they are`;
}

/** @param {string} layer */
export const layerLabel = (layer) => layer.replaceAll("_", " ");
