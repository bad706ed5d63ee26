"""What a layer sees, in words."""

from styletune.lab.descriptions import describe, facts
from styletune.networks import NETWORKS, SCALES, layer_effect, receptive_field_px


def test_every_layer_of_every_network_has_a_sentence_of_its_effect() -> None:
    sentences: dict[str, set[str]] = {}
    for network, row in NETWORKS.items():
        for convolution in row.layers:
            for scale in SCALES:
                layer = convolution if scale == 1 else f"{convolution}@{scale}"
                sentence = describe(network, layer)
                assert sentence.startswith("Sees ")
                assert sentence.endswith(".")
                effect = layer_effect(receptive_field_px(network, layer))
                sentences.setdefault(effect, set()).add(sentence)
    assert all(len(found) == 1 for found in sentences.values())
    assert len(set().union(*sentences.values())) == len(sentences)


def test_facts_count_convolutions_and_positions() -> None:
    assert facts("lite", "block1_conv1") == (
        "Convolution 1 of 8; 16 channels, a position every pixel."
    )
    assert facts("vgg16", "block3_conv1@4") == (
        "Convolution 5 of 13, of the picture at a quarter of its size; 256 channels, a position "
        "every 16 px."
    )
