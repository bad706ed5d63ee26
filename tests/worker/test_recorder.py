"""Takes of the worker's loop, painted again: equal bit by bit."""

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
from styletune.takes import sources
from styletune.takes.lines import End, Move, Start, read
from styletune.takes.writer import recent_pieces
from tests.worker.test_loop import Bench


class Take:
    """A performance that was recorded, and the pictures that were seen of it."""

    def __init__(self, folder: Path) -> None:
        self.recent, self.takes = folder / "recent", folder / "takes"
        self.bench = Bench(
            folder,
            size=48,
            checkpoints=str(folder / "checkpoints"),
            recordings=TakeFolders(str(self.recent), str(self.takes)),
            faders="amount",
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
