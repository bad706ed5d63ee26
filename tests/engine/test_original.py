"""`configs/original.toml` builds the model of 2018: layers, scaling, optimizer, 20 steps."""

import keras
import numpy as np
import pytest

from styletune.config import SessionConfig, load
from styletune.engine.painter import Painter
from styletune.files import configs_folder
from styletune.networks import NETWORKS
from styletune.worker.pacing import EpochPacer
from tests.support.small_painter import picture


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SessionConfig:
    """The shipped file, with seeded random weights in the place of ImageNet's."""
    rng = np.random.default_rng(0)
    arrays, channels = {}, 3
    widths = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}
    for name in NETWORKS["vgg16"].layers[:11]:
        width = widths[int(name[5])]
        arrays[f"{name}.kernel"] = rng.normal(
            0, np.sqrt(2 / (9 * channels)), (3, 3, channels, width)
        ).astype(np.float32)
        arrays[f"{name}.bias"] = np.zeros(width, np.float32)
        channels = width
    path = tmp_path_factory.mktemp("weights") / "vgg16.npz"
    np.savez(path, **arrays)
    return load(configs_folder() / "original.toml").with_overrides(network={"weights": str(path)})


@pytest.fixture(scope="module")
def painter(session: SessionConfig) -> Painter:
    return Painter(session, picture(32, 48, seed=1), [picture(40, 40, seed=2)])


def test_its_layers_are_those_of_the_original(painter: Painter) -> None:
    assert painter.layers == (
        "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1",
        "block3_conv3", "block4_conv1", "block4_conv3", "block5_conv1",
    )  # fmt: skip
    assert painter.model.output_shape == (1, 16)
    inputs = painter.model.input
    assert inputs["content_weights"].shape == inputs["style_weights"].shape == (1, 8)
    assert inputs["one"].shape == (1, 1)


def test_its_optimizer_is_plain_adam_with_learning_rate_5(painter: Painter) -> None:
    optimizer = painter.model.optimizer
    assert painter.inputs.choice("optimizer") == "adam"
    assert not optimizer.normalize  # then its steps are Keras' own: see test_optimizers
    assert float(keras.ops.convert_to_numpy(optimizer.learning_rate.value)) == pytest.approx(5)
    assert (optimizer.beta_1, optimizer.beta_2) == (0.9, 0.999)
    assert painter.model.loss == "mean_absolute_error"
    assert painter.model.get_layer("image").kernel_constraint is None


def test_its_losses_are_raw_and_its_fader_positions_the_weights(
    painter: Painter, session: SessionConfig
) -> None:
    painter.apply(session.positions() | {"style.block2_conv1": 0.25})
    painter.run(1)
    losses = painter.losses()
    assert losses.weighted["style"][1] == pytest.approx(0.25 * losses.raw["style"][1])
    assert losses.weighted["content"][5] == pytest.approx(losses.raw["content"][5])
    assert losses.weighted["smooth"] == 0


def test_its_epochs_have_20_steps(session: SessionConfig) -> None:
    pace = EpochPacer(session.painting.epoch_ms / 1e3, session.painting.epoch_steps)
    pace.record(1, 100.0)
    assert pace.steps_per_epoch() == 20


def test_it_starts_from_noise(painter: Painter) -> None:
    painter.reset()
    first = painter.pixels()
    assert abs(first.mean() - 128) < 5
    assert 40 < first.std() < 60


def test_the_gram_matrix_is_scaled_by_height_width_and_channels(painter: Painter) -> None:
    style = picture(40, 40, seed=2).astype(np.float32)
    first = painter.solver.features(style[None])[0]
    features = keras.ops.convert_to_numpy(first)[0].astype(np.float64)
    h, w, c = features.shape
    flat = features.reshape(-1, c)
    target = painter.model.get_layer("style_block1_conv2").target.value
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(target), flat.T @ flat / (h * w * c), rtol=1e-3, atol=1e-3
    )
