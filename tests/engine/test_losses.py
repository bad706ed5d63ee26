"""Losses: by hand, and against plain NumPy."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from styletune.engine.losses import (
    ContentLoss,
    StyleLoss,
    TotalVariation,
    WeightedTerms,
    gram_matrix,
    total_variation_loss,
)
from tests.support.gradients import gradient

ACTIVE = np.ones((1, 1), np.float32)


def features(seed: int, shape: tuple[int, ...] = (1, 5, 7, 4)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def numpy_gram(f: np.ndarray) -> np.ndarray:
    _, h, w, c = f.shape
    flat = f.reshape(h * w, c).astype(np.float64)
    return flat.T @ flat / (h * w * c)


def to_numpy(x: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(getattr(x, "value", x)))


def test_gram_matrix_of_two_positions_by_hand() -> None:
    # Positions (1, 2) and (3, 4): FᵀF = [[1+9, 2+12], [2+12, 4+16]], over h·w·c = 1·2·2.
    f = np.array([[[[1.0, 2.0], [3.0, 4.0]]]], np.float32)
    np.testing.assert_allclose(to_numpy(gram_matrix(f)), np.array([[10, 14], [14, 20]]) / 4)


def test_gram_matrix_equals_plain_numpy() -> None:
    f = features(0)
    np.testing.assert_allclose(to_numpy(gram_matrix(f)), numpy_gram(f), rtol=1e-5)


def test_gram_matrix_does_not_depend_on_where_things_are() -> None:
    f = features(1)
    shuffled = np.random.default_rng(2).permutation(f.reshape(-1, 4)).reshape(f.shape)
    np.testing.assert_allclose(to_numpy(gram_matrix(f)), to_numpy(gram_matrix(shuffled)), rtol=1e-5)


def test_content_loss_by_hand() -> None:
    layer = ContentLoss()
    layer.build((1, 1, 2, 1))
    layer.target.assign([[[[1.0], [5.0]]]])
    _, loss = layer(np.array([[[[3.0], [1.0]]]], np.float32), ACTIVE)
    # Differences 2 and −4: (4 + 16) / 2.
    assert to_numpy(loss) == pytest.approx(10.0)


def test_content_loss_equals_plain_numpy_and_is_zero_at_the_target() -> None:
    f, target = features(3), features(4)
    layer = ContentLoss()
    layer.build(f.shape)
    layer.target.assign(target)
    expected = np.mean((f.astype(np.float64) - target) ** 2)
    np.testing.assert_allclose(to_numpy(layer(f, ACTIVE)[1]), [[expected]], rtol=1e-5)
    assert to_numpy(layer(target, ACTIVE)[1]) == 0


def test_style_loss_equals_plain_numpy_and_is_zero_at_the_target() -> None:
    f, style = features(5), features(6, (1, 9, 3, 4))
    layer = StyleLoss()
    layer.build(f.shape)
    layer.target.assign(numpy_gram(style))
    expected = np.mean((numpy_gram(f) - numpy_gram(style)) ** 2)
    np.testing.assert_allclose(to_numpy(layer(f, ACTIVE)[1]), [[expected]], rtol=1e-4)
    layer.target.assign(layer.statistic(keras.ops.convert_to_tensor(f)))
    assert to_numpy(layer(f, ACTIVE)[1]) == 0


def test_a_centred_gram_matrix_is_the_covariance_and_half_of_it_between() -> None:
    f = features(10)
    flat = f.reshape(-1, 4).astype(np.float64)
    means = np.outer(flat.mean(0), flat.mean(0)) / 4
    for centering in (1.0, 0.5):
        found = to_numpy(gram_matrix(f, centering))
        np.testing.assert_allclose(found, numpy_gram(f) - centering * means, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("amount", [-1.25, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("is_last", [False, True])
def test_a_blended_target_lies_between_content_and_style_or_beyond(
    amount: float, is_last: bool
) -> None:
    f, content, style = features(11), features(12), features(13)
    layer = StyleLoss(centering=0.85)
    layer.build(f.shape)
    layer.set_content(keras.ops.convert_to_tensor(content))
    layer.target.assign(layer.statistic(keras.ops.convert_to_tensor(style)))

    def loss(x: Any) -> Any:
        handed_on, value = layer(x, ACTIVE, is_last=is_last, amount=np.full((1, 1), amount, "f4"))
        return keras.ops.sum(value) + 0.0 * keras.ops.sum(handed_on)

    def plain(x: np.ndarray) -> float:
        def statistic(y: np.ndarray) -> np.ndarray:
            mean = y.reshape(-1, 4).astype(np.float64).mean(0)
            return numpy_gram(y) - 0.85 / 4 * np.outer(mean, mean)

        target = (1 - amount) * statistic(content) + amount * statistic(style)
        return float(np.mean((statistic(x) - target) ** 2))

    assert float(to_numpy(loss(f))) == pytest.approx(plain(f), rel=1e-3)
    found, step = to_numpy(gradient(loss, f)), 1e-3
    for place in ((0, 0, 0, 0), (0, 2, 3, 1), (0, 4, 6, 3)):
        up, down = f.astype(np.float64), f.astype(np.float64)
        up[place] += step
        down[place] -= step
        assert found[place] == pytest.approx(
            (plain(up) - plain(down)) / (2 * step), rel=1e-2, abs=1e-6
        )


def test_style_loss_with_a_metric_compares_the_teachers_gram_matrices() -> None:
    """‖AᵀΔA‖ = ‖MΔM‖ for M = (AAᵀ)^½: so M·G·M stands for the teacher's G."""
    rng = np.random.default_rng(7)
    a = rng.normal(size=(4, 11))
    values, vectors = np.linalg.eigh(a @ a.T)
    metric = ((vectors * np.sqrt(values)) @ vectors.T).astype(np.float32)
    f, style = features(8), features(9)
    layer = StyleLoss(metric=metric)
    layer.build(f.shape)
    layer.target.assign(layer.statistic(keras.ops.convert_to_tensor(style)))
    delta = a.T @ (numpy_gram(f) - numpy_gram(style)) @ a
    loss = to_numpy(layer(f, ACTIVE)[1])
    np.testing.assert_allclose(loss[0, 0], np.sum(delta**2) / 16, rtol=1e-3)


def clamped_variation(x: np.ndarray) -> float:
    """Half the weighted squared differences of each pixel to its eight neighbours, in loops."""
    h, w, _ = x.shape
    total = 0.0
    for i in range(h):
        for j in range(w):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    weight = {0: 0, 1: 1 / 3, 2: 1 / 12}[abs(dy) + abs(dx)]
                    y, z = np.clip(i + dy, 0, h - 1), np.clip(j + dx, 0, w - 1)
                    total += weight / 2 * float(np.sum((x[i, j] - x[y, z]) ** 2))
    return total / x.size


def test_total_variation_of_one_edge_by_hand() -> None:
    # Columns 0 and 6, two rows, three channels. Sideways: 2 pairs a channel at 1/3. Diagonally:
    # 2 pairs inside at 1/12, and 2 of the repeated border's: 3·36·(2/3 + 4/12) / 12 values.
    picture = np.zeros((1, 2, 2, 3), np.float32)
    picture[:, :, 1] = 6
    assert to_numpy(total_variation_loss(picture))[0, 0] == pytest.approx(9.0)


def test_total_variation_equals_plain_numpy_loops() -> None:
    x = features(10, (1, 6, 5, 3))
    expected = clamped_variation(x[0].astype(np.float64))
    assert to_numpy(total_variation_loss(x))[0, 0] == pytest.approx(expected, rel=1e-5)


def test_a_flat_picture_has_no_variation() -> None:
    flat = np.full((1, 4, 4, 3), 200.0, np.float32)
    assert to_numpy(total_variation_loss(flat))[0, 0] == 0


def test_total_variation_layer_hands_the_picture_on_and_adds_its_loss() -> None:
    layer = TotalVariation()
    picture = features(11, (1, 4, 4, 3))
    out = layer(picture, np.full((1, 1), 3.0, np.float32))
    raw = to_numpy(total_variation_loss(picture))[0, 0]
    np.testing.assert_array_equal(to_numpy(out), picture)
    assert to_numpy(layer.losses[0]) == pytest.approx(3 * raw, rel=1e-5)
    assert to_numpy(layer.raw)[0, 0] == pytest.approx(raw)


def test_weighted_terms_keep_the_raw_values_of_muted_terms() -> None:
    layer = WeightedTerms(2)
    raw = np.array([[2.0, 3.0]], np.float32)
    weighted = layer(raw, np.array([[0.0, 10.0]], np.float32))
    np.testing.assert_array_equal(to_numpy(weighted), [[0, 30]])
    np.testing.assert_array_equal(to_numpy(layer.raw), raw)


def style_loss(x: Any) -> Any:
    return loss_of_style(x, is_last=True)


def style_loss_handing_on(x: Any) -> Any:
    return loss_of_style(x, is_last=False)


def loss_of_style(x: Any, is_last: bool) -> Any:
    metric = np.random.default_rng(12).normal(size=(4, 4)).astype(np.float32)
    layer = StyleLoss(metric=metric + metric.T)
    layer.build((1, 5, 7, 4))
    layer.target.assign(numpy_gram(features(13)))
    return layer(x, ACTIVE, is_last=is_last)[1]


def content_loss(x: Any) -> Any:
    return loss_of_content(x, skips=True)


def content_loss_always(x: Any) -> Any:
    return loss_of_content(x, skips=False)


def loss_of_content(x: Any, skips: bool) -> Any:
    layer = ContentLoss(skips=skips)
    layer.build((1, 5, 7, 4))
    layer.target.assign(features(14))
    return layer(x, ACTIVE)[1]


def one_loss_after_the_other(x: Any) -> Any:
    """Both losses on the way, and what comes after them."""
    content, style = ContentLoss(skips=True), StyleLoss()
    for layer in (content, style):
        layer.build((1, 5, 7, 4))
    x, first = content(x, ACTIVE)
    x, second = style(x, ACTIVE)
    return first + second + keras.ops.reshape(keras.ops.mean(x**3), (1, 1))


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_losses_hand_the_features_on_as_they_came(kind: str) -> None:
    x = keras.ops.cast(features(3), kind)
    layers = (ContentLoss(), StyleLoss())
    for layer in layers:
        layer.build(x.shape)
    for found, loss in (
        layers[0](x, ACTIVE),
        layers[1](x, ACTIVE),
        layers[1](x, ACTIVE, is_last=True),
    ):
        assert keras.backend.standardize_dtype(found.dtype) == kind
        assert keras.backend.standardize_dtype(loss.dtype) == "float32"
        np.testing.assert_array_equal(*(to_numpy(keras.ops.cast(v, "float32")) for v in (found, x)))


def test_an_inactive_content_loss_keeps_its_last_value_and_has_no_gradient() -> None:
    layer = ContentLoss(skips=True)
    layer.build((1, 5, 7, 4))
    first = to_numpy(layer(features(3), ACTIVE)[1])
    inactive = np.zeros((1, 1), np.float32)
    np.testing.assert_array_equal(to_numpy(layer(features(4), inactive)[1]), first)
    assert not gradient(lambda x: layer(x, inactive)[1], features(4)).any()
    assert to_numpy(layer(features(4), ACTIVE)[1]) != first


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (content_loss, (1, 5, 7, 4)),
        (content_loss_always, (1, 5, 7, 4)),
        (style_loss, (1, 5, 7, 4)),
        (style_loss_handing_on, (1, 5, 7, 4)),
        (one_loss_after_the_other, (1, 5, 7, 4)),
        (total_variation_loss, (1, 5, 7, 3)),
    ],
    ids=[
        "content",
        "content, never skipped",
        "style",
        "style, handing on",
        "one after the other",
        "total variation",
    ],
)
def test_gradients_equal_finite_differences(layer: Callable[[Any], Any], shape: tuple) -> None:
    x = features(15, shape)
    direction = features(16, shape)
    step = 1e-2
    ahead, behind = (
        float(to_numpy(layer((x + sign * step * direction).astype(np.float32)))[0, 0])
        for sign in (1, -1)
    )
    slope = float(np.sum(gradient(layer, x).astype(np.float64) * direction))
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=2e-3)
