"""`styletune render`: a take into a film, a folder and pictures, stopped and gone on with."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from styletune import memory
from styletune.cli.main import main
from styletune.config import SessionConfig, parse
from styletune.engine.canvas import Canvas
from styletune.engine.moment import Moment, scales_of, start_line
from styletune.takes import sources
from styletune.takes.lines import CanvasChange, End, Frame, Line, Move, Start, Trigger, encode, read

SIZE = 64
PICTURES = [sources.identify(name) for name in ("harbour", "strokes")]


@pytest.fixture(scope="module")
def session() -> SessionConfig:
    return parse({"pictures": {"size": SIZE}}, "the test")


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory, session: SessionConfig) -> Path:
    """Six seconds: coarse, fine, a fader, a kick; ten pictures a second at first."""
    positions = session.positions()
    canvas = Canvas(session, positions, 48)
    painter = canvas.build_painter()
    painter.apply(positions)
    painter.calibrate()
    painter.reset()
    moment = Moment(painter, canvas, positions, 1, 0, fresh=True)
    lines: list[Line] = [start_line(moment, session, PICTURES, time=1000.0, device="a processor")]
    for count in range(1, 11):
        lines.append(Frame(time=1000 + count / 10, step=count))
    large = Canvas(session, positions, SIZE).build_painter()
    large.apply(positions)
    large.calibrate()
    lines += [
        CanvasChange(time=1001.2, step=10, size=SIZE, scales=scales_of(large)),
        Frame(time=1001.5, step=12),
        Move(time=1002.0, step=14, rev=2, set={"style.block1_conv1": 1.0, "of.tomorrow": 0.5}),
        Frame(time=1002.1, step=15),
        Trigger(time=1003.0, step=20, name="kick"),
        Frame(time=1003.1, step=21),
        Frame(time=1006.0, step=40),
        End(time=1006.0, step=40),
    ]
    path = tmp_path_factory.mktemp("takes") / "friday.jsonl"
    path.write_bytes(b"".join(map(encode, lines)))
    return path


def render(*arguments: object) -> int:
    return main(["render", *map(str, arguments)])


def frames_of(film: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(film)) as container:
        return [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def test_a_film_has_the_takes_times_and_size(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "friday.mp4"
    assert render(take, "-o", film) == 0
    found = frames_of(film)
    assert [round(at, 2) for at, _ in found[:3]] == [0.08, 0.2, 0.28]
    assert len(found) == 14
    assert found[-1][0] == pytest.approx(6.0, abs=0.05)
    assert {frame.shape for _, frame in found} == {(48, 64, 3)}
    assert not list(tmp_path.glob(".*")), "nothing unfinished is left"
    told = capsys.readouterr().err
    assert "0:06 long, 14 pictures, 64 px" in told
    assert "left out, as this styletune lacks them: of.tomorrow" in told


def test_a_picture_is_the_last_one_and_carries_its_state(take: Path, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "takes" / "2026-12-01 02.47.07.jsonl"  # as recordings are named
    kept.parent.mkdir(parents=True)
    kept.write_bytes(take.read_bytes())
    out = tmp_path / "friday.png"
    assert render(kept.stem, "--data", tmp_path / "data", "-o", out) == 0
    with Image.open(out) as image:
        assert image.size == (64, 48)
        state = json.loads(image.info["styletune"])
    assert state["steps"] == 40
    assert state["controls"]["style.block1_conv1"] == 1.0
    assert state["session"]["pictures"]["content"] == "harbour"


@pytest.mark.long
def test_at_twice_the_size_it_looks_like_the_same_performance(take: Path, tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    assert render(take, "-o", small, "--fps", 2) == 0
    assert render(take, "-o", large, "--fps", 2, "--size", 2 * SIZE) == 0
    names = sorted(path.name for path in small.glob("*.png"))
    assert names == sorted(path.name for path in large.glob("*.png"))
    assert names == [f"{number:06}.png" for number in range(1, 14)], "at a constant rate"
    for name in names[2:]:
        with Image.open(small / name) as image, Image.open(large / name) as twice:
            assert twice.size == (128, 96)
            shrunk = np.asarray(twice.resize(image.size, Image.Resampling.LANCZOS), float)
            assert np.abs(shrunk - np.asarray(image)).mean() < 12


@pytest.mark.long
def test_speed_and_size_of_a_film_of_several_parts(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("styletune.rendering.render.KEEP_EVERY_S", 0.0)
    film = tmp_path / "fast.mkv"
    assert render(take, "-o", film, "--speed", 3, "--size", 96, "--fps", 10) == 0
    found = frames_of(film)
    assert found[-1][0] == pytest.approx(2.0, abs=0.11)
    assert found[-1][1].shape == (72, 96, 3)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_stopped_goes_on_and_is_the_same(
    take: Path, tmp_path: Path, session: SessionConfig, number: signal.Signals
) -> None:
    long = tmp_path / "long.jsonl"
    lines = list(read(take))[:-1]
    lines += [Frame(time=1006 + count / 5, step=40 + 5 * count) for count in range(1, 120)]
    long.write_bytes(b"".join(map(encode, lines)))
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    program = (
        "import sys, styletune.rendering.render as render; render.KEEP_EVERY_S = 0.2;"
        "from styletune.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "render", str(long), "--fps", "5", "-o"]
    process = subprocess.Popen([*command, str(stopped)], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(list(stopped.glob("*.png"))) < 45 and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(60)
    before = len(list(stopped.glob("*.png")))
    assert 45 <= before < 150
    assert (tmp_path / ".stopped.unfinished" / "state.json").exists()
    subprocess.run([*command, str(stopped)], check=True, stderr=subprocess.PIPE)
    assert render(long, "-o", whole, "--fps", 5) == 0
    pictures = sorted(path.name for path in whole.glob("*.png"))
    assert len(pictures) == 150
    for name in pictures:
        assert (whole / name).read_bytes() == (stopped / name).read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nowhere.jsonl", "-o", "a.png"], "cannot be read"),
        (["nameless", "-o", "a.png"], "no take `nameless`"),
        (["TAKE", "-o", "a.gif"], "-o names a film"),
        (["TAKE", "-o", "no/a.mp4"], "does not exist"),
        (["TAKE", "-o", "a.png", "--size", "5000"], "--size must be in 16..4096; received 5000"),
        (["TAKE", "-o", "a.png", "--speed", "0"], "--speed must be"),
        (["TAKE", "-o", "a.png", "--fps", "0"], "--fps must be"),
    ],
)
def test_what_cannot_be_done_is_said(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], arguments: list[str], why: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLETUNE_DATA", str(tmp_path / "data"))
    assert render(*(str(take) if one == "TAKE" else one for one in arguments)) != 0
    assert why in capsys.readouterr().err


def test_a_size_beyond_memory_is_refused(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 100_000_000)
    assert render(take, "-o", tmp_path / "a.png", "--size", 2048) == 2
    assert "a painting of 2048 × " in capsys.readouterr().err


def test_a_missing_picture_is_named(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start, *lines = read(take)
    assert isinstance(start, Start)
    other = sources.SourcePicture(name="grandmother", pixels="ab" * 32)
    path = tmp_path / "other.jsonl"
    path.write_bytes(b"".join(map(encode, [start.model_copy(update={"content": other}), *lines])))
    assert render(path, "-o", tmp_path / "a.png") == 1
    assert "grandmother (sha256 abababababab…)" in capsys.readouterr().err


def test_unfinished_work_of_other_options_is_not_mixed(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / ".a.mp4.unfinished"
    work.mkdir()
    (work / "state.json").write_text('{"asked": {}}')
    assert render(take, "-o", tmp_path / "a.mp4") == 2
    assert "unfinished work of another take or other options" in capsys.readouterr().err
