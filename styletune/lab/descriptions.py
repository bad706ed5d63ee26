"""What a layer sees, in a sentence."""

from styletune.networks import (
    NETWORKS,
    layer_effect,
    parse_layer,
    receptive_field_px,
    stride_px,
)

# By the word of the page, see `networks.layer_effect`: from the smallest receptive field on.
_SENTENCES = {
    "colour": "Sees a pixel and its neighbours: which colours there are, and which lie side by "
    "side.",
    "grain": "Sees specks a few pixels wide: the grain of paint and paper, and how sharp edges "
    "are.",
    "hatching": "Sees short, fine lines: hatching, dots, and the directions in which they run.",
    "marks": "Sees the marks of a pen or of a brush's tip: where a line begins, bends or crosses "
    "another.",
    "dabs": "Sees single dabs of the brush, and the colours on both sides of their edges.",
    "strokes": "Sees single strokes: how wide they are, where they point, and how one meets the "
    "next.",
    "curls": "Sees strokes that bend: small curls and corners, and the rhythm of lines side by "
    "side.",
    "swirls": "Sees several strokes at once: how they turn around each other and run together.",
    "motifs": "Sees small motifs: groups of strokes that come again, such as ripples, leaves or "
    "tiles.",
    "shapes": "Sees shapes: patches within an outline, and the texture that fills them.",
    "forms": "Sees forms: how shapes join, as a roof does with its wall or a bough with its "
    "leaves.",
    "whorls": "Sees wide turns of the brush: whorls and waves, with what lies inside them.",
    "sweeps": "Sees long sweeps: strokes and outlines followed across a good part of the picture.",
    "figures": "Sees whole figures and the room around them: what lies beside what, and little "
    "of how it was painted.",
}


def describe(network: str, layer: str) -> str:
    """One plain sentence on what a layer sees."""
    return _SENTENCES[layer_effect(receptive_field_px(network, layer))]


def facts(network: str, layer: str) -> str:
    """Its place in the network, in a sentence.

    >>> facts("vgg19", "block2_conv1@2")
    'Convolution 3 of 16, of the picture at half its size; 128 channels, a position every 4 px.'
    """
    convolution, scale = parse_layer(layer)
    row = NETWORKS[network]
    number = row.layers.index(convolution)
    size = {1: "", 2: "half", 4: "a quarter of", 8: "an eighth of"}[scale]
    of = f", of the picture at {size} its size" if size else ""
    stride = stride_px(network, layer)
    every = "every pixel" if stride == 1 else f"every {stride} px"
    return (
        f"Convolution {number + 1} of {len(row.layers)}{of}; "
        f"{row.convolutions[number].channels} channels, a position {every}."
    )
