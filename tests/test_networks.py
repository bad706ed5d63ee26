"""The table of networks: which convolutions, how small, how far they see."""

import pytest

from styletune.errors import LayerError, PictureError
from styletune.networks import (
    NETWORKS,
    ScaledLayer,
    check_size,
    control_effect,
    convolutions,
    layer_effect,
    layer_rows,
    min_edge_px,
    parse_layer,
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
        ("lite", "block1_conv1@2", 8),  # 3 values of the half, two pixels apart, each of 4
        ("lite", "block1_conv1@4", 18),
        ("lite", "block3_conv4@4", 4 * 48 - 4 + 10),
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


def test_a_control_has_the_word_of_its_layer() -> None:
    assert control_effect("style.block3_conv1.mute", "vgg16") == "strokes"
    assert [control_effect(name, "vgg16") for name in ("style.master", "smooth", "")] == [""] * 3


def test_a_name_tells_convolution_and_scale() -> None:
    assert parse_layer("block3_conv1") == ScaledLayer("block3_conv1", 1)
    assert parse_layer("block3_conv1@4") == ScaledLayer("block3_conv1", 4)
    assert parse_layer("block3_conv1@4").name == "block3_conv1@4"


@pytest.mark.parametrize("name", ["block1_conv1@", "block1_conv1@1", "block1_conv1@3", "a@2@2"])
def test_a_scale_that_there_is_not_is_named_with_those_that_there_are(name: str) -> None:
    with pytest.raises(LayerError, match="after @ comes 2, 4, 8"):
        parse_layer(name)


def test_layers_are_computed_from_the_full_size_to_the_coarsest() -> None:
    mixed = ["block1_conv1@4", "block3_conv1@2", "block2_conv1@2", "block3_conv4"]
    assert NETWORKS["lite"].order(mixed) == (
        "block3_conv4", "block2_conv1@2", "block3_conv1@2", "block1_conv1@4",
    )  # fmt: skip


def test_the_coarsest_layer_sets_the_smallest_picture() -> None:
    assert min_edge_px("lite", ["block3_conv4", "block1_conv1@8"]) == 16
    assert min_edge_px("lite", ["block3_conv4@4"]) == 32
