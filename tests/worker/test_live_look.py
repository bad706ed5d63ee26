"""Painting live: in a real loop, and the class alone with a painter that only takes notes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.ipc.commands import (
    CameraFrame,
    CameraTaken,
    CommandRejected,
    Report,
    SetLook,
    SetSource,
)
from styletune.looks import file as look_file
from styletune.looks.runner import LookRunner
from styletune.networks import NETWORKS
from tests.support.small_painter import picture
from tests.worker.test_film import write_film
from tests.worker.test_loop import Bench

TAUGHT = {
    "network": {"layers": NETWORKS["lite"].default_layers},
    "look": {"file": "small"},
}


def jpeg(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=95, subsampling=0)
    return data.getvalue()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, look_path: Path) -> Iterator[Bench]:
    """A painting whose start is the look's."""
    sections = TAUGHT | {"look": {"file": str(look_path)}}
    folder = tmp_path_factory.mktemp("bench")
    bench = Bench(folder, size=64, sections=sections, faders="amount", init="look")
    yield bench
    bench.close()


def by_look(bench: Bench, look_path: Path, source: np.ndarray | None = None) -> np.ndarray:
    """What the look makes of the content, or of another picture, as the desk stands."""
    if source is None:
        source = np.asarray(Image.open(bench.folder / "content.png").resize((64, 48), 1))
    runner = LookRunner(look_file.read(look_path))
    return runner.paint_at(source, bench.table, bench.positions)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.abs(one.astype(int) - other).max() <= 1


def is_live(report: object) -> bool:
    return isinstance(report, Report) and bool(report.live)


def test_a_painting_begins_as_the_look_paints_the_content(bench: Bench, look_path: Path) -> None:
    bench.move(paused=1.0)
    bench.trigger("reset")
    painted = by_look(bench, look_path)
    frame = bench.frame(lambda f: same(f.picture, painted))
    assert not same(frame.picture, picture(48, 64, 1))


def test_the_look_paints_at_once_what_the_hand_asks_for(bench: Bench, look_path: Path) -> None:
    before = bench.frame()
    rev = bench.move(paused=0.0, look=1.0)
    painted = by_look(bench, look_path)
    first = bench.frame(lambda f: f.rev >= rev and same(f.picture, painted))
    report = bench.report(is_live)
    assert (report.look, report.source) == ("small", "content")
    assert report.live.startswith("ONNX Runtime")
    rev = bench.move(style__block2_conv1=0.9)
    moved = bench.frame(lambda f: f.rev >= rev)
    assert same(moved.picture, by_look(bench, look_path))
    assert not same(moved.picture, first.picture)
    # Not by a step; and the losses are those of its own picture, soon.
    measured = bench.frame(lambda f: f.rev >= rev and f.total not in (before.total, first.total))
    assert measured.step == first.step
    assert measured.total > 0
    rev = bench.move(paused=1.0, style__block2_conv1=0.5)  # paused, nothing is painted
    still = bench.frame(lambda f: f.rev >= rev)
    assert same(still.picture, moved.picture)
    bench.move(paused=0.0)


def test_the_painter_goes_on_from_what_the_look_has_painted(bench: Bench, look_path: Path) -> None:
    bench.move(look=1.0, paused=0.0)
    painted = by_look(bench, look_path)
    live = bench.frame(lambda f: f.rev >= bench.rev and same(f.picture, painted))
    bench.move(look=0.0)
    frozen = bench.frame(lambda f: f.step > live.step)
    assert np.abs(frozen.picture.astype(int) - live.picture).mean() < 10  # a step or a few
    bench.report(lambda m: isinstance(m, Report) and not m.live)
    later = bench.frame(lambda f: f.step > frozen.step + 5)
    assert later.total < live.total


def test_it_follows_a_camera_and_freezes_what_it_shows(bench: Bench, look_path: Path) -> None:
    bench.move(look=1.0)
    bench.pipe.send(SetSource("camera"))
    for seed in (5, 6):
        shot = picture(48, 64, seed)
        bench.pipe.send(CameraFrame(jpeg(shot)))
        bench.report(lambda m: isinstance(m, CameraTaken))
        decoded = np.asarray(Image.open(io.BytesIO(jpeg(shot))))
        painted = by_look(bench, look_path, decoded)
        live = bench.frame(lambda f, painted=painted: same(f.picture, painted))
    assert bench.report(lambda m: is_live(m) and m.source == "camera")
    bench.pipe.send(CameraFrame(b"no picture"))
    refused = bench.report(lambda m: isinstance(m, CommandRejected))
    assert refused.label == "camera"
    bench.move(look=0.0)
    stepped = bench.frame(lambda f: f.step > live.step)
    bench.move(paused=1.0)
    bench.trigger("reset")  # to the start of what is frozen, not of the content picture
    bench.frame(lambda f: f.epoch > stepped.epoch and same(f.picture, live.picture))
    bench.move(look=1.0, paused=0.0)
    bench.pipe.send(SetSource("content"))
    painted = by_look(bench, look_path)
    bench.frame(lambda f: same(f.picture, painted))
    bench.move(look=0.0)


def test_it_plays_a_film_and_tells_of_one_that_it_cannot(
    bench: Bench, look_path: Path, tmp_path: Path
) -> None:
    shades = (40, 200)
    path = write_film(tmp_path / "film.mkv", list(shades), fps=4)
    bench.move(look=1.0)
    bench.pipe.send(SetSource(str(path)))
    for shade in (*shades, shades[0]):  # it loops
        painted = by_look(bench, look_path, np.full((48, 64, 3), shade, np.uint8))
        bench.frame(lambda f, painted=painted: same(f.picture, painted))
    bench.report(lambda m: is_live(m) and m.source == "film")
    bench.pipe.send(SetSource(str(tmp_path / "none.mp4")))
    refused = bench.report(lambda m: isinstance(m, CommandRejected) and m.label == "source")
    assert refused.message.startswith("none.mp4: ")
    painted = by_look(bench, look_path)
    bench.frame(lambda f: same(f.picture, painted))
    bench.move(look=0.0)


def test_a_look_that_cannot_be_played_is_rejected_and_painting_goes_on(
    bench: Bench, tmp_path: Path
) -> None:
    before = bench.frame()
    bench.move(look=1.0)
    bench.pipe.send(SetLook(str(tmp_path / "none.keras")))
    refused = bench.report(lambda m: isinstance(m, CommandRejected))
    assert (refused.label, refused.path) == ("look", "")
    assert "no such look" in refused.message
    bench.frame(lambda f: f.step > before.step)
    bench.move(look=0.0)
