"""The feature network at several scales, held against single convolutions by hand."""

import keras
import numpy as np

from styletune.engine import weights
from styletune.engine.vgg import FeatureExtractor, Halve

LAYERS = ("block1_conv1", "block2_conv1", "block1_conv2@2", "block2_conv1@4")
RANDOM = weights.random_filters("lite", seed=3)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def test_a_layer_at_a_scale_is_the_layer_of_the_halved_picture() -> None:
    pixels = keras.ops.convert_to_tensor(picture(24, 32))
    found = dict(zip(LAYERS, FeatureExtractor("lite", LAYERS, RANDOM)(pixels), strict=True))
    half = Halve()(pixels)
    quarter = Halve()(half)
    for size, name in ((pixels, "block2_conv1"), (half, "block1_conv2"), (quarter, "block2_conv1")):
        scale = {24: "", 12: "@2", 6: "@4"}[size.shape[1]]
        (alone,) = FeatureExtractor("lite", [name], RANDOM)(size)
        np.testing.assert_allclose(numpy(found[name + scale]), numpy(alone), rtol=1e-5, atol=1e-3)


def test_halving_keeps_even_pictures_and_lets_no_stripes_through() -> None:
    grey = np.full((1, 9, 12, 3), 77, np.float32)
    halved = numpy(Halve()(grey))
    assert halved.shape == (1, 4, 6, 3)
    np.testing.assert_allclose(halved, 77, rtol=1e-6)
    stripes = np.zeros((1, 16, 16, 3), np.float32)
    stripes[:, :, ::2] = 255
    # The finest stripes become even grey; the border alone repeats a stripe.
    np.testing.assert_allclose(numpy(Halve()(stripes))[:, :, 1:-1], 127.5, rtol=1e-5)


def test_what_is_returned_for_a_layer_goes_on_through_the_network() -> None:
    network = FeatureExtractor("lite", LAYERS, RANDOM)
    seen: dict[str, bool] = {}

    def silence(name: str, features: object, is_last: bool) -> object:
        seen[name] = is_last
        return features * 0.0 if name == "block1_conv1" else features

    network.tap(keras.ops.convert_to_tensor(picture(16, 16)), LAYERS, silence)
    assert seen == dict(zip(LAYERS, (False, True, True, True), strict=True))
    assert list(seen) == list(LAYERS)


def test_a_picture_is_halved_no_further_than_the_coarsest_layer_needs() -> None:
    narrow = keras.ops.convert_to_tensor(picture(8, 40))  # what block 3 needs at full size
    (found,) = FeatureExtractor("lite", ["block3_conv4"], RANDOM)(narrow)
    assert found.shape == (1, 2, 10, 64)
