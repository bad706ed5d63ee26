"""Which check counts, and the response to a move, by hand."""

import argparse

import numpy as np
import pytest

from benchmarks.quality import style_distance
from benchmarks.quality.step_response import step_response
from benchmarks.quality.time_to_quality import Check, Method
from styletune.errors import WeightsError


def test_first_check_at_or_below_the_target_counts() -> None:
    checks = [Check(1.0, 2.0, 10, 9.0), Check(2.0, 4.0, 20, 5.0), Check(3.0, 6.0, 30, 4.0)]
    method = Method("paint", checks=checks)
    assert method.reached(5.0) == checks[1]
    assert method.reached(8.9) == checks[1]
    assert method.reached(3.9) is None


def test_settling_steps_go_to_nine_tenths_of_the_way() -> None:
    losses = [10.0, 8, 6, 3, 1, 1, 1, 1, 1, 1]
    response = step_response(losses, [2.0, 3, 1, 0, 0, 0, 0, 0, 0, 0])
    assert response.steps == 4
    assert response.peak == 3.0


@pytest.mark.parametrize("direction", [1, -1])
def test_a_response_may_rise_or_fall(direction: int) -> None:
    losses = 100 + direction * 40 * (1 - np.exp(-np.arange(200) / 10))
    assert step_response(losses, np.zeros(200)).steps == 24  # e^-2.4 < 0.1 < e^-2.3


def test_each_way_to_paint_a_pair_is_a_session() -> None:
    options = argparse.Namespace(ways=list(style_distance.WAYS), size=64, weights="x", lite=None)
    found = style_distance.sessions("harbour", "strokes", options)
    assert list(found) == list(style_distance.WAYS)
    for name, session in found.items():
        assert session.network.name == name.split(",")[0]
        assert session.network.weights == (None if session.network.name == "lite" else "x")
        assert any("@" in layer for layer in session.network.selected_layers) != (", " in name)
        assert session.optimizer.name == "lbfgs"  # as `paint` does
        kept = [n for n in session.positions() if n.startswith("content.block")]
        assert sum(session.positions()[n] > 0 for n in kept) == 1


def test_style_distance_without_vgg19_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> None:
        raise WeightsError("weights for vgg19 are not in Keras' cache")

    monkeypatch.setattr(style_distance.weights, "load", missing)
    assert style_distance.main([]) == 1
    assert "weights for vgg19 are not in Keras' cache" in capsys.readouterr().err
