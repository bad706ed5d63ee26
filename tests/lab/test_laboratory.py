"""Observations, gradients and reconstructions, by a small painter."""

from itertools import pairwise

import numpy as np
import pytest

from styletune.config import SessionConfig
from styletune.engine import control_inputs
from styletune.lab.laboratory import Laboratory, field_centre
from styletune.lab.observation import STRONGEST, Observation
from tests.support.small_painter import small_session

LAYERS = ("block1_conv1", "block2_conv1@2")


def session(**optimizer: object) -> SessionConfig:
    return small_session(
        pictures={"content": "harbour", "styles": ["strokes"], "size": 64},
        network={"layers": LAYERS},
        optimizer=optimizer,
    )


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    made = Laboratory(session(name="lbfgs"), 16)
    made.calibrate()
    return made


def test_observations_are_those_of_the_features(laboratory: Laboratory) -> None:
    pixels = laboratory.pictures["style"].astype(np.float32)
    features = [np.asarray(f)[0] for f in laboratory.painter.solver.features(pixels[None])]
    found = laboratory.observe("style")
    assert tuple(found) == LAYERS
    for layer, expected in zip(LAYERS, features, strict=True):
        flat = expected.reshape(-1, expected.shape[-1])
        gram = flat.T @ flat / flat.size
        observation = found[layer]
        np.testing.assert_allclose(observation.gram, gram, rtol=1e-4, atol=1e-3)
        means = flat.mean(axis=0)
        assert means[list(observation.channels)].tolist() == sorted(means)[::-1][:STRONGEST]
        np.testing.assert_allclose(
            observation.maps, np.moveaxis(expected, -1, 0)[list(observation.channels)], rtol=1e-4
        )


def test_gradient_is_that_of_one_style_term_at_the_content(laboratory: Laboratory) -> None:
    painter = laboratory.painter
    for index, layer in enumerate(LAYERS):
        gradient = laboratory.gradient(layer)
        assert gradient.shape == (48, 64, 3)
        weights = control_inputs.by_term(np.zeros(5, np.float32), 2)
        weights["style"][index] = painter.inputs.weights["style"][index]
        content = laboratory.pictures["content"].astype(np.float32)
        norm = painter.gradient_norm(content, weights)
        np.testing.assert_allclose(np.linalg.norm(gradient), norm, rtol=1e-3)
        assert norm > 0


def reconstruct(laboratory: Laboratory, term: str, layer: str) -> np.ndarray:
    for _ in laboratory.reconstruct(term, layer):
        pass
    return laboratory.picture()


def test_each_term_alone_paints_its_picture_from_noise(laboratory: Laboratory) -> None:
    content = laboratory.pictures["content"].astype(np.float32)
    by_content = reconstruct(laboratory, "content", "block1_conv1")
    assert laboratory.steps_taken >= 16
    assert np.abs(by_content - content).mean() < 12  # noise begins at about 60
    by_style = reconstruct(laboratory, "style", "block1_conv1")
    assert laboratory.steps_taken < 32  # counted anew
    assert np.abs(by_style - content).mean() > 40  # it knows nothing of the scene
    style = laboratory.pictures["style"].astype(np.float32)
    np.testing.assert_allclose(by_style.mean((0, 1)), style.mean((0, 1)), atol=12)
    again = reconstruct(laboratory, "content", "block1_conv1")
    np.testing.assert_array_equal(again, by_content)  # from the same noise, all else forgotten


def test_gradient_descent_follows_its_schedule() -> None:
    """With the learning rate at rest, the last steps would still be as long as the first."""
    made = Laboratory(session(name="gd", schedule="exponential"), 20)
    pictures = []
    for _ in made.reconstruct("content", "block1_conv1"):
        pictures.append(made.painter.pixels().copy())
    moves = [np.abs(b - a).mean() for a, b in pairwise(pictures)]
    assert len(moves) == 3
    assert moves[-1] < 0.6 * moves[0]


def observation(**peaks: tuple[int, int, float]) -> Observation:
    maps = np.ones((len(peaks), 48, 64), np.float32)
    for each, (row, column, value) in zip(maps, peaks.values(), strict=True):
        each[row, column] = value
    return Observation("block1_conv1", tuple(range(len(peaks))), maps, np.eye(2, dtype=np.float32))


def test_field_lies_at_the_highest_peak_where_all_of_it_fits() -> None:
    flat_and_peaked = observation(first=(5, 5, 2.0), second=(20, 30, 9.0))
    assert field_centre("lite", flat_and_peaked, 48, 64) == (30.5, 20.5)
    at_the_border = observation(first=(0, 63, 9.0))
    x, y = field_centre("lite", at_the_border, 48, 64)
    assert (1.5 <= x <= 62.5, 1.5 <= y <= 46.5) == (True, True)
    tiny = Observation("block3_conv4@4", (0,), np.ones((1, 3, 4), np.float32), np.eye(2))
    assert field_centre("lite", tiny, 48, 64) == (32, 24)
