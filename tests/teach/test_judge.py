import numpy as np
import pytest

from benchmarks import judge
from styletune.errors import WeightsError


def test_lbfgs_finds_the_bottom_of_a_narrow_valley() -> None:
    stiffness = np.array([1.0, 10.0, 100.0])
    bottom = np.array([3.0, -2.0, 1.0])

    def valley(x: np.ndarray) -> tuple[float, np.ndarray]:
        gap = x - bottom
        return float(0.5 * gap @ (stiffness * gap)), stiffness * gap

    assert judge.lbfgs(valley, np.zeros(3), 40) == pytest.approx(bottom, abs=1e-4)


def test_lbfgs_stays_within_its_evaluations() -> None:
    calls = []

    def bowl(x: np.ndarray) -> tuple[float, np.ndarray]:
        calls.append(1)
        return float(x @ x), 2.0 * x

    judge.lbfgs(bowl, np.full(4, 100.0), 7)
    assert len(calls) <= 7


def test_without_vgg19_the_judge_says_so_and_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> None:
        raise WeightsError("weights for vgg19 are not in Keras' cache")

    monkeypatch.setattr(judge.weights, "load", missing)
    assert judge.main([]) == 1
    assert "weights for vgg19 are not in Keras' cache" in capsys.readouterr().err
