"""The looks that ship: small, whole, seen at once, and played by their knobs."""

from functools import cache

import numpy as np
import pytest

from styletune.images import decode, samples
from styletune.looks import file
from styletune.looks.desk import desk_values
from styletune.looks.runner import LookRunner, Picture

NAMES = ("strokes", "woodcut", "mosaic")


@cache
def runner(name: str) -> LookRunner:
    return LookRunner(file.read(file.locate(name)))


def paint(name: str, **moved: float) -> Picture:
    look = runner(name).look
    positions = look.positions() | {key.replace("__", "."): at for key, at in moved.items()}
    return runner(name).paint(content(), desk_values(look.table(), positions, 1))


@cache
def content() -> Picture:
    return np.asarray(decode.fit(decode.read(samples.path("harbour")), 256))


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_each_sample_style_has_a_look() -> None:
    assert set(file.shipped()) == set(NAMES) == set(samples.STYLES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_tells_how_it_was_taught(name: str) -> None:
    look = runner(name).look
    assert look.path.stat().st_size <= 500_000
    assert look.info.styles == (name,)
    assert look.info.steps >= 1000
    assert look.info.style_left < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_it_paints_what_no_other_look_does(name: str) -> None:
    painted = paint(name)
    assert difference(painted, content()) > 25
    for other in NAMES:
        assert other == name or difference(painted, paint(other)) > 25


@pytest.mark.parametrize("name", NAMES)
def test_all_knobs_off_give_the_content_back(name: str) -> None:
    off = {f"style__{layer}": 0.0 for layer in runner(name).look.table().layers}
    assert difference(paint(name, **off), content()) < 0.6 * difference(paint(name), content())


@pytest.mark.parametrize("name", NAMES)
def test_each_end_of_each_knob_is_seen(name: str) -> None:
    still = paint(name)
    for layer in runner(name).look.table().layers:
        for end in (0.0, 1.0):
            assert difference(paint(name, **{f"style__{layer}": end}), still) > 3, (layer, end)
