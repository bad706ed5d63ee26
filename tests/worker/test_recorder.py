"""Takes of the worker's loop, painted again: equal bit by bit."""

import asyncio
import resource
import time
from pathlib import Path

import numpy as np
import pytest

from styletune.engine.replay import Replay
from styletune.ipc.commands import (
    Report,
    SetContent,
    SetStyle,
    State,
    TakeFolders,
)
from styletune.ipc.frame_block import Frame
from styletune.server.takes import TakeLibrary
from styletune.takes import sources
from styletune.takes.lines import End, Move, Start, read
from styletune.takes.lines import Frame as FrameLine
from styletune.takes.writer import current_take, recent_pieces, set_current_take
from tests.worker.test_loop import Bench


class Take:
    """A performance that was recorded, and the pictures that were seen of it."""

    def __init__(self, folder: Path, **positions: float) -> None:
        self.recent, self.takes = folder / "recent", folder / "takes"
        self.bench = Bench(
            folder,
            size=48,
            checkpoints=str(folder / "checkpoints"),
            recordings=TakeFolders(str(self.recent), str(self.takes)),
            faders="amount",
            positions=positions,
        )
        self.seen: dict[int, np.ndarray] = {}

    def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.note(self.bench.frame())
            time.sleep(0.004)

    def note(self, frame: Frame) -> None:
        self.seen[frame.step] = frame.picture.copy()

    def until(self, accept) -> None:
        self.note(self.bench.frame(accept))

    def files(self) -> list[Path]:
        return sorted(self.takes.glob("*.jsonl"))


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """Moves, a kick, an average, another style, size and content; recorded from the middle on."""
    take = Take(tmp_path_factory.mktemp("take"))
    bench = take.bench
    bench.report(lambda m: isinstance(m, Report) and m.state is State.RUNNING)
    take.watch(0.2)
    bench.move(style__block2_conv1=0.9)
    bench.trigger("kick")
    take.watch(0.2)
    rev = bench.move(average=1.0, record=1.0)
    take.until(lambda frame: frame.rev >= rev)
    take.watch(0.2)
    bench.pipe.send(SetStyle(1, bench.file("second", 40, 40, 5)))
    bench.move(style_mix=0.5, style_scale__1=0.7)
    take.watch(0.2)
    bench.trigger("kick")
    rev = bench.move(size=bench.table["size"].position(64))
    take.until(lambda frame: frame.picture.shape[1] == 64)
    bench.pipe.send(SetContent(bench.file("other", 24, 32, 9)))
    take.watch(0.3)
    rev = bench.move(record=0.0)
    take.until(lambda frame: frame.rev >= rev)
    take.watch(0.2)
    bench.close()
    return take


def replay(path: Path) -> Replay:
    lines = list(read(path))
    return Replay(lines, sources.find(sources.used(lines), path, ()))


def differences(take: Take, path: Path) -> list[int]:
    """How far pictures are from those that were seen, for each that was."""
    player = replay(path)
    return [
        int(np.abs(player.painter.picture().astype(int) - take.seen[frame.step]).max())
        for frame in player.frames()
        if frame.step in take.seen
    ]


def test_a_take_is_painted_again_bit_by_bit(take: Take) -> None:
    (path,) = take.files()
    lines = list(read(path))
    assert isinstance(lines[0], Start)
    assert lines[0].painting, "it began in the middle"
    assert isinstance(lines[-1], End)
    found = differences(take, path)
    assert len(found) >= 10
    assert set(found) == {0}


def test_the_recent_past_is_painted_again_from_its_first_step(take: Take) -> None:
    (path,) = recent_pieces(take.recent)
    start, *others = list(read(path))
    assert isinstance(start, Start)
    assert not start.painting, "nothing was painted yet"
    found = differences(take, path)
    assert len(found) >= 15
    assert set(found) == {0}
    moved = [line for line in others if isinstance(line, Move)]
    assert moved[0].set == {"style.block2_conv1": 0.9}
    assert moved[0].rev == 2


def test_a_full_disk_ends_a_take_with_a_sentence_and_painting_goes_on(tmp_path: Path) -> None:
    (tmp_path / "recent").mkdir()
    set_current_take(tmp_path / "recent", "before.jsonl")  # by a server that was killed
    take = Take(tmp_path)
    bench, limits = take.bench, resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        bench.frame(lambda frame: recent_pieces(take.recent) and not current_take(take.recent))
        bench.move(record=1.0)
        bench.frame(lambda frame: current_take(take.recent))
        assert current_take(take.recent) == take.files()[0].name
        # No file of this process grows any more: as on a disk that is full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        bench.report(lambda m: isinstance(m, Report) and m.message == (
            "what is played is not recorded: File too large; painting goes on"
        ))  # fmt: skip
        step = bench.frame().step
        bench.frame(lambda frame: frame.step > step + 3)
        assert current_take(take.recent) == ""
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        rev = bench.move(record=0.0)
        bench.frame(lambda frame: frame.rev > rev or frame.step > step + 10)
        bench.move(record=1.0)  # once there is room it records again
        bench.frame(lambda frame: current_take(take.recent))
        bench.move(record=0.0)
        bench.frame(lambda frame: not current_take(take.recent))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        bench.close()
    cut, again = sorted(take.files(), key=lambda path: path.stat().st_mtime_ns)
    assert not any(isinstance(line, End) for line in read(cut)), "whole lines only"
    assert isinstance(list(read(again))[-1], End)


@pytest.mark.long  # two workers, painted again
def test_a_take_goes_on_in_the_next_worker_and_the_last_hour_is_painted_again(
    tmp_path: Path,
) -> None:
    first = Take(tmp_path, record=1.0)
    first.bench.frame(lambda frame: current_take(first.recent))
    first.bench.close()
    (path,) = first.files()
    with path.open("ab") as file:
        file.write(b'{"type":"fra')  # as a killed worker may leave it
    second = Take(tmp_path, record=1.0)
    second.bench.frame(lambda frame: path.read_bytes().count(b'"type":"start"') == 2)
    second.bench.close()
    assert [line.type for line in read(path)].count("start") == 2
    assert current_take(second.recent) == path.name
    assert len(recent_pieces(second.recent)) == 2
    kept = asyncio.run(TakeLibrary(second.takes, second.recent).keep_recent("kept"))
    lines = list(read(second.takes / "kept.jsonl"))
    player = replay(second.takes / "kept.jsonl")
    frames = sum(1 for _ in player.frames())
    assert frames == sum(isinstance(line, FrameLine) for line in lines)
    assert player.step == lines[-1].step
    assert kept.length_s == pytest.approx(lines[-1].time - lines[0].time, abs=0.2)
