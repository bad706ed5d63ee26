import numpy as np
import pytest
from PIL import Image

from benchmarks.common import inputs
from styletune.engine import weights


def test_the_content_is_square(tmp_path):
    with Image.open(inputs.square_picture("harbour", 96, tmp_path)) as image:
        assert image.size == (96, 96)


def test_random_weights_hold_the_layers_that_are_played_and_say_what_they_are(tmp_path):
    played = ("block1_conv2", "block2_conv1")
    file = inputs.random_vgg_weights("vgg16", played, tmp_path)
    found = weights.read("vgg16", file)
    found.require("vgg16", ("block1_conv1", *played))
    assert found.kernels["block2_conv1"].shape == (3, 3, 64, 128)
    assert found.label == "random filters, seed 0"


def test_random_weights_keep_the_size_of_activations(tmp_path):
    found = weights.read("vgg16", inputs.random_vgg_weights("vgg16", ("block1_conv2",), tmp_path))
    assert np.std(found.kernels["block1_conv2"]) == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.02)
