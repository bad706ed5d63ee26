"""The table of networks: which convolutions, how small, how far they see."""

import pytest

from styletune.errors import LayerError, PictureError
from styletune.networks import (
    NETWORKS,
    check_size,
    convolutions,
    layer_effect,
    layer_rows,
    min_edge_px,
    receptive_field_px,
)


def test_only_the_convolutions_up_to_the_deepest_layer_are_computed() -> None:
    names = [c.name for c in convolutions("vgg16", ["block1_conv2", "block2_conv1"])]
    assert names == ["block1_conv1", "block1_conv2", "block2_conv1"]


@pytest.mark.parametrize(
    ("network", "layer", "field"),
    [
        ("vgg16", "block1_conv1", 3),
        ("vgg16", "block1_conv2", 5),
        ("vgg16", "block2_conv1", 10),
        ("vgg16", "block2_conv2", 14),
        ("vgg16", "block3_conv1", 24),
        ("vgg16", "block3_conv3", 40),
        ("vgg16", "block4_conv1", 60),
        ("vgg16", "block4_conv3", 92),
        ("vgg16", "block5_conv1", 132),
        ("vgg19", "block4_conv1", 68),
        ("lite", "block3_conv4", 48),
        ("lite", "block3_conv4@4", 192),
    ],
)
def test_receptive_fields_by_hand(network: str, layer: str, field: int) -> None:
    assert receptive_field_px(network, layer) == field


def test_a_layer_that_the_network_does_not_have_is_named() -> None:
    with pytest.raises(LayerError, match="lite has no layer `block4_conv1`; it has block1_conv1"):
        convolutions("lite", ["block4_conv1"])


def test_pictures_too_small_for_pooling_are_refused_with_the_smallest_edge() -> None:
    assert min_edge_px("lite", ["block3_conv4"]) == 8
    check_size("lite", ["block3_conv4"], 8, 8)
    with pytest.raises(PictureError, match="at least 8 px; received 7 × 100"):
        check_size("lite", ["block3_conv4"], 7, 100)


@pytest.mark.parametrize("network", NETWORKS)
def test_each_default_layer_has_a_word_of_its_own(network: str) -> None:
    rows = layer_rows(network, NETWORKS[network].default_layers)
    assert len({row["effect"] for row in rows}) == len(rows)
    assert layer_effect(252) == "figures"
