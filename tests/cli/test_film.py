"""`styletune film`: what it paints, what it writes, and where it stops."""

import signal
from collections.abc import Collection, Generator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from styletune import memory
from styletune.cli import film
from styletune.cli.film import Film, Pace
from styletune.config import SessionConfig, parse
from styletune.control_values import term_weights
from styletune.engine.canvas import load_image
from styletune.films.reader import FilmReader
from styletune.networks import NETWORKS
from tests.cli.running import styletune_here

EACH = NETWORKS["lite"].default_layers


class Brightening:
    """A painting that is one level brighter after each step; Ctrl-C comes at a step."""

    def __init__(self, level: int, interrupted_at: int | None = None) -> None:
        self.level, self.interrupted_at = level, interrupted_at
        self.steps_taken = 0

    def paint(self, should_stop: object, stops: Collection[int]) -> Generator[None, None, None]:
        for stop in stops:
            self.steps_taken = stop
            if self.interrupted_at is not None and stop >= self.interrupted_at:
                signal.raise_signal(signal.SIGINT)
            yield

    def picture(self) -> np.ndarray:
        return np.full((48, 64, 3), self.level + self.steps_taken, np.uint8)


def paint(folder: Path, *paintings: Brightening) -> tuple[int, str]:
    films = [
        Film(str(folder / f"{layer}.mp4"), (layer, "weight 1.00"), painting)
        for layer, painting in zip(EACH, paintings, strict=False)
    ]
    output = StringIO()
    together = str(folder / "all.mp4")
    code = film._paint(
        films, together, Pace((1, 2, 4, 9, 20, 45), 25), Console(file=output, width=300)
    )
    return code, output.getvalue()


def levels(path: Path) -> list[int]:
    """How bright the picture's upper half is in each frame."""
    return [round(float(frame.pixels()[:24].mean())) for frame in FilmReader(path)]


def test_each_layer_has_a_film_and_all_have_one(tmp_path: Path) -> None:
    code, output = paint(tmp_path / "films", *(Brightening(10 * n) for n in range(1, 9)))
    assert code == 0
    assert "7 frames each, 0.3 s" in output
    names = sorted(path.name for path in (tmp_path / "films").iterdir())
    assert names == sorted([*(f"{layer}.mp4" for layer in EACH), "all.mp4"])
    assert "block3_conv1@2.mp4" in names
    for number, layer in enumerate(EACH, 1):
        expected = [10 * number + step for step in (0, 1, 2, 4, 9, 20, 45)]
        assert levels(tmp_path / "films" / f"{layer}.mp4") == pytest.approx(expected, abs=2)
    whole = FilmReader(tmp_path / "films" / "all.mp4")
    single = FilmReader(tmp_path / "films" / f"{EACH[0]}.mp4")
    assert (whole.width, whole.height) == (4 * 64 + 3 * 2, 2 * single.height + 2)


def test_ctrl_c_leaves_whole_films_of_one_length(tmp_path: Path) -> None:
    code, output = paint(tmp_path, Brightening(10), Brightening(20, interrupted_at=20))
    assert code == 130
    assert "5 frames each, 0.2 s" in output
    assert "stopped" in output
    assert levels(tmp_path / f"{EACH[0]}.mp4") == pytest.approx([10, 11, 12, 14, 19], abs=2)
    for name in (EACH[1], "all"):
        found = FilmReader(tmp_path / f"{name}.mp4")
        assert [round(float(frame.time) * 25) for frame in found] == [0, 1, 2, 3, 4]
        assert found.problem is None


def test_a_film_from_the_picture_before_the_first_step(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    words = ["--layers", "block1_conv1", "--optimizer", "gd", "--steps", "30", "--size", "128"]
    done = styletune_here("film", "harbour", "woodcut", *words, "--seconds", "0.4", "-o", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # stdout is for programs
    assert "10 frames, 0.4 s" in done.stderr
    result = FilmReader(out)
    assert result.width == 128
    assert result.height > 96  # the title
    frames = list(result)
    assert [round(float(frame.time) * 25) for frame in frames] == list(range(10))
    first, second, last = (frames[index].pixels()[:96].astype(int) for index in (0, 1, -1))
    assert np.abs(first - load_image("harbour", 128)).mean() < 8  # half as many colours
    assert 0.3 < np.abs(second - first).mean() < np.abs(last - first).mean()
    strips = [frame.pixels()[96:] for frame in (frames[0], frames[-1])]
    assert np.abs(strips[0].astype(int) - strips[1]).max() > 50  # another step


def test_recipe_shows_every_tenth_step(tmp_path: Path) -> None:
    out = tmp_path / "frames"
    words = ["--recipe", film.RECIPE, "--network", "lite", "--layers", "block1_conv1"]
    size = ["--size", "64", "--steps", "25"]
    done = styletune_here("film", "harbour", "woodcut", *words, *size, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "the recipe is VGG-19's; here lite sees" in done.stderr
    assert "3 frames, 0.3 s" in done.stderr
    assert len(list(out.iterdir())) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--layers block9_conv9 -o {}/a.mp4", "no layer `block9_conv9`; there are block1_conv1, "),
        ("--layers each -o {}/a.mp4", "--layers each makes several films, and needs a folder"),
        ("--layers each block1_conv1 -o {}/a", "--layers takes names, or `each` alone; received"),
        ("--steps 0 -o {}/a.mp4", "--steps must be at least 1; received 0"),
        ("--fps 500 -o {}/a.mp4", "--fps must be in 1..120; received 500"),
        ("--seconds 0 -o {}/a.mp4", "--seconds must be above 0, at most 3600; received 0"),
        ("-o {}/a.gif", "a film can be written as .mp4"),
        (f"--recipe {film.RECIPE} -o {{}}/a.mp4", "one layer at a time: name it with --layers"),
        (
            f"--recipe {film.RECIPE} --layers block1_conv1 --optimizer adam -o {{}}/a.mp4",
            "settles that: leave out --optimizer",
        ),
        (
            f"--recipe {film.RECIPE} --layers block1_conv1 --weights {{}}/no.npz -o {{}}/a.mp4",
            "no.npz",
        ),
    ],
)
def test_refused(tmp_path: Path, words: str, message: str) -> None:
    done = styletune_here("film", "harbour", "woodcut", *words.format(tmp_path, tmp_path).split())
    assert done.returncode != 0
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_refuses_what_does_not_fit_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2 * 10**9)
    words = ["--layers", "each", "--size", "1024", "--device", "cpu", "-o", tmp_path / "films"]
    done = styletune_here("film", "harbour", "woodcut", *words)
    assert "8 paintings of 1024 × 768 px by lite take about" in done.stderr
    assert list(tmp_path.iterdir()) == []


def session(**controls: float | bool) -> SessionConfig:
    return parse({"controls": controls}, "the test")


def test_style_session_holds_no_content() -> None:
    made = session(**{
        "style.block2_conv1": 0.7, "style.block2_conv1.mute": True, "content.block1_conv1": 0.4,
        "smooth": 0.1,
    })  # fmt: skip
    alone = film.style_session(made, ("block2_conv1@8", "block2_conv1"))
    layers, positions = alone.network.selected_layers, alone.positions()
    assert layers == ("block2_conv1", "block2_conv1@8")
    assert term_weights(alone.table(), positions, "content") == (0, 0)
    assert min(term_weights(alone.table(), positions, "style")) > 0
    assert (positions["style.block2_conv1"], positions["smooth"]) == (0.7, 0.1)


def test_title() -> None:
    assert film.title(session()) == ("8 layers", "weight 1.00 each")
    one = film.style_session(session(), ("block3_conv1@2",))
    assert film.title(one) == ("block3_conv1@2", "weight 1.00")
    two = film.style_session(session(**{"style.block1_conv1": 1.0}), EACH[:2])
    assert film.title(two) == (
        "block1_conv1 + block2_conv1",
        "weight 1.00 each, amounts 1.00 to 5.00",
    )
    assert film.title(session(**{"style.master": 0.0})) == ("no style", "")
