import pytest

from benchmarks.quality import style_distance
from styletune.errors import WeightsError


def test_without_vgg19_the_judge_says_so_and_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> None:
        raise WeightsError("weights for vgg19 are not in Keras' cache")

    monkeypatch.setattr(style_distance.weights, "load", missing)
    assert style_distance.main([]) == 1
    assert "weights for vgg19 are not in Keras' cache" in capsys.readouterr().err
