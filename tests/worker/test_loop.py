"""The worker's loop in this process, with real blocks and a real pipe: commands and revisions."""

import contextlib
import io
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from styletune.ipc.checkpoint import load_latest
from styletune.ipc.commands import (
    CommandRejected,
    DrawLayer,
    LayerDrawn,
    Report,
    SetContent,
    SetStyle,
    State,
    Stop,
    TakeFolders,
    WorkerConfig,
)
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import Frame, FrameBlock
from styletune.worker import loop, pacing
from tests.support.small_painter import LAYERS, picture, small_session

PATIENCE_S = 120


class Bench:
    """A worker in a thread, and this test in the place of its parent."""

    def __init__(
        self,
        folder: Path,
        size: int = 32,
        checkpoints: str = "",
        sections: dict[str, dict[str, object]] | None = None,
        recordings: TakeFolders | None = None,
        positions: dict[str, float] | None = None,
        **painting: object,
    ) -> None:
        self.folder = folder
        content, style = self.file("content", 24, 32, 1), self.file("style", 36, 36, 2)
        self.session = small_session(
            pictures={"content": content, "styles": [style], "size": size},
            painting={"epoch_ms": 20, **painting},
            **sections or {},
        )
        self.table = self.session.table()
        self.positions = self.session.positions() | (positions or {})
        self.triggers = dict.fromkeys(self.table.triggers, 0)
        self.rev = 0
        self.controls = ControlBlock.create(self.table)
        self.frames = FrameBlock.create(self.session.network.selected_layers, 1024)
        self.pipe, far = multiprocessing.Pipe()
        self.heard: list[object] = []
        self.move()
        job = WorkerConfig(
            self.session,
            self.controls.name,
            self.frames.name,
            1024,
            7,
            100,
            checkpoints,
            recordings,
        )
        self.thread = threading.Thread(target=loop.main, args=(job, far))
        self.thread.start()

    def file(self, name: str, height: int, width: int, seed: int) -> str:
        path = self.folder / f"{name}.png"
        Image.fromarray(picture(height, width, seed)).save(path)
        return str(path)

    def move(self, **changes: float) -> int:
        self.positions |= {name.replace("__", "."): value for name, value in changes.items()}
        self.rev += 1
        self.controls.write(ControlState(self.rev, dict(self.positions), dict(self.triggers)))
        return self.rev

    def trigger(self, name: str) -> None:
        """As the session does it: the count rises, the revision stays."""
        self.triggers[name] += 1
        self.controls.write(ControlState(self.rev, dict(self.positions), dict(self.triggers)))

    def frame(self, accept=lambda frame: True) -> Frame:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            frame = self.frames.read()
            if frame is not None and accept(frame):
                return frame
            time.sleep(0.002)
        raise AssertionError("no such frame")

    def report(self, accept) -> object:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.pipe.poll(0.05):
                self.heard.append(self.pipe.recv())
            for message in self.heard:
                if accept(message):
                    self.heard.remove(message)
                    return message
        raise AssertionError(f"not reported; heard {self.heard}")

    def close(self) -> None:
        with contextlib.suppress(OSError):  # it has ended before
            self.pipe.send(Stop())
        self.thread.join(PATIENCE_S)
        for block in (self.controls, self.frames):
            block.close()
            block.unlink()
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.close()


def test_it_shows_the_content_first_and_counts_on_from_where_it_was_told(bench: Bench) -> None:
    frame = bench.frame()
    assert frame.epoch >= 7
    assert frame.step >= 100
    report = bench.report(lambda m: isinstance(m, Report) and m.state is State.RUNNING)
    assert (report.width, report.height) == (32, 24)
    assert report.network == "lite"
    assert report.steps_per_epoch >= 1


def test_layer_is_drawn_while_it_paints(bench: Bench) -> None:
    bench.pipe.send(DrawLayer("block9"))  # of another session: no answer
    bench.pipe.send(DrawLayer(LAYERS[1]))
    drawn = bench.report(lambda m: isinstance(m, LayerDrawn))
    assert drawn.layer == LAYERS[1]
    with Image.open(io.BytesIO(drawn.data)) as picture:
        assert (picture.format, picture.width) == ("WEBP", 726)


def test_a_frame_carries_the_revision_that_it_was_painted_with(bench: Bench) -> None:
    rev = bench.move(style__block2_conv1=0.75)
    frame = bench.frame(lambda f: f.rev >= rev)
    assert frame.terms["style"][1].weight == pytest.approx(10.0)
    assert sum(t.share for t in (*frame.terms["content"], *frame.terms["style"])) == pytest.approx(
        1 - frame.smooth / frame.total
    )


def test_an_epoch_ends_early_when_a_hand_moves(tmp_path: Path) -> None:
    bench = Bench(tmp_path, epoch_ms=10_000)

    def stands(frame: Frame) -> bool:
        time.sleep(0.5)
        return bench.frame().epoch == frame.epoch

    try:
        bench.report(lambda m: isinstance(m, Report) and m.state is State.RUNNING)
        first = bench.frame(stands)  # well into an epoch of ten seconds
        rev = bench.move(style__block2_conv1=0.75)
        started = bench.frames.read_heartbeat()[1]
        frame = bench.frame(lambda f: f.rev >= rev)
        # The one that was cut short, and a single step; one more may have ended by itself.
        assert frame.epoch <= first.epoch + 3
        assert frame.step <= started + 5
    finally:
        bench.move()
        bench.close()


def test_while_a_hand_goes_on_moving_each_step_of_an_epoch_obeys_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "_SEEN_S", 0.5)  # many steps, however slow they are
    bench = Bench(tmp_path, epoch_ms=500)
    is_moving = threading.Event()
    moved_at: dict[int, int] = {}  # by revision: after which step
    heartbeat = loop.PaintLoop._heartbeat

    def move_and_beat(self: loop.PaintLoop, *arguments: Any) -> Any:
        # A hand that is never late, however busy the machine: it moves with each step.
        if is_moving.is_set():
            rev = bench.move(style__block2_conv1=0.25 + bench.rev % 50 / 100)
            moved_at[rev] = self._progress.step
        return heartbeat(self, *arguments)

    monkeypatch.setattr(loop.PaintLoop, "_heartbeat", move_and_beat)
    try:
        bench.report(lambda m: isinstance(m, Report) and m.state is State.RUNNING)
        bench.frame(lambda f: f.epoch > 12)  # its pace is known
        is_moving.set()
        frame = bench.frame(lambda f: f.rev > 3)  # the first step was published alone
        late, steps = [], []
        while len(steps) < 5:
            after = bench.frame(lambda f, epoch=frame.epoch: f.epoch > epoch)
            steps.append(after.step - frame.step)
            late.append(after.step - moved_at[after.rev])
            frame = after
        is_moving.clear()
        # Values that stood for a whole epoch would be as many steps old.
        assert sum(steps) > 4 * len(steps), steps
        assert max(late) <= 2, (late, steps)
    finally:
        is_moving.clear()
        bench.close()


def test_a_fixed_number_of_steps_is_kept_whatever_the_hand_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path, epoch_steps=20)
    try:
        frame = bench.frame(lambda f: f.step > 110)
        for _ in range(5):
            bench.move(style__block2_conv1=0.75)
            after = bench.frame(lambda f, e=frame.epoch: f.epoch > e)
            assert (after.step - frame.step) % 20 == 0
            frame = after
    finally:
        bench.move()
        bench.close()


def test_epochs_and_steps_only_rise(bench: Bench) -> None:
    first = bench.frame()
    second = bench.frame(lambda f: f.epoch > first.epoch)
    assert second.step > first.step
    assert second.steps_per_s > 0


def test_paused_stands_still_and_sliders_still_show(bench: Bench) -> None:
    bench.move(paused=1.0)
    bench.report(lambda m: isinstance(m, Report) and m.state is State.PAUSED)
    still = bench.frame(lambda f: f.steps_per_s == 0)
    rev = bench.move(style__block2_conv1=0.25)
    frame = bench.frame(lambda f: f.rev >= rev)
    assert frame.step == still.step
    np.testing.assert_array_equal(frame.picture, still.picture)
    assert frame.terms["style"][1].weight == pytest.approx(0.1)
    beat, _ = bench.frames.read_heartbeat()
    bench.frame(lambda f: bench.frames.read_heartbeat()[0] > beat)  # paused is not hung
    bench.move(paused=0.0)
    bench.frame(lambda f: f.step > still.step)


def test_reset_and_kick_happen_once_each_time_they_are_sent(bench: Bench) -> None:
    content = np.asarray(Image.open(bench.folder / "content.png")).astype(float)

    def distance(frame: Frame) -> float:
        return float(np.abs(frame.picture - content).mean())

    bench.frame(lambda f: distance(f) > 8)
    bench.move(paused=1.0)
    far = bench.frame(lambda f: f.steps_per_s == 0)
    assert distance(far) > 8
    bench.trigger("reset")
    near = bench.frame(lambda f: f.epoch > far.epoch)
    assert distance(near) == 0
    bench.trigger("kick")
    shaken = bench.frame(lambda f: f.epoch > near.epoch)
    assert distance(shaken) > 10
    time.sleep(0.2)
    assert bench.frame().epoch == shaken.epoch  # and once only
    rev = bench.move(paused=0.0)
    bench.frame(lambda f: f.rev >= rev)


def test_pictures_are_swapped_while_it_is_paused(bench: Bench) -> None:
    bench.move(paused=1.0)
    still = bench.frame(lambda f: f.steps_per_s == 0)
    height, width = still.picture.shape[:2]
    same = bench.file("same", height, width, 8)
    bench.pipe.send(SetContent(same))
    swapped = bench.frame(lambda f: f.epoch > still.epoch)
    assert np.array_equal(swapped.picture, np.asarray(Image.open(same)))
    bench.pipe.send(SetContent(bench.file("tall", 32, 16, 8)))
    bench.frame(lambda f: f.picture.shape[:2] == (32, 16))
    bench.pipe.send(SetContent(bench.file("content", 24, 32, 1)))  # as the next test has it
    bench.frame(lambda f: f.picture.shape[:2] == (24, 32))
    bench.move(paused=0.0)


def test_pictures_are_swapped_while_it_paints(bench: Bench) -> None:
    before = bench.frame()
    bench.pipe.send(SetStyle(0, bench.file("other", 50, 20, 9)))
    bench.pipe.send(SetContent(bench.file("same", 24, 32, 8)))
    bench.frame(lambda f: f.epoch > before.epoch + 2)
    # Another shape: another model; frames of the new size follow.
    bench.pipe.send(SetContent(bench.file("tall", 32, 16, 8)))
    frame = bench.frame(lambda f: f.picture.shape == (32, 16, 3) and f.step > before.step)
    assert frame.epoch > before.epoch
    bench.report(lambda m: isinstance(m, Report) and (m.width, m.height) == (16, 32))


def test_a_picture_that_cannot_be_used_is_refused_and_painting_goes_on(bench: Bench) -> None:
    path = bench.folder / "broken.png"
    path.write_bytes(b"\x89PNG not really")
    before = bench.frame()
    for order in (SetStyle(0, str(path)), SetContent(str(path))):
        bench.pipe.send(order)
        refused = bench.report(lambda m: isinstance(m, CommandRejected))
        assert refused.label == order.label
        assert refused.path == str(path)
        assert "broken.png" in refused.message
    bench.frame(lambda f: f.step > before.step)


@pytest.mark.parametrize(
    ("name", "why"),
    [("none.npz", "no such file"), ("cut.h5", "cannot be read"), ("cut.pth", "cannot be read")],
)
def test_missing_or_damaged_weights_are_a_failure_that_says_why(
    name: str, why: str, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        for number in range(9):
            file[f"block1_conv{number}/kernel:0"] = np.ones((3, 3, 3, 16))
    whole = (tmp_path / "whole.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2].ljust(len(whole), b"\0"))
    (tmp_path / "cut.pth").write_bytes(bytes(1000))
    session = small_session(network={"weights": str(tmp_path / name)}, pictures={"size": 32})
    controls = ControlBlock.create(session.table())
    frames = FrameBlock.create(LAYERS, 32)
    pipe, far = multiprocessing.Pipe()
    try:
        loop.main(WorkerConfig(session, controls.name, frames.name, 32), far)
        said = []
        while pipe.poll():
            said.append(pipe.recv())
        assert said[-1].state is State.FAILED
        assert why in said[-1].message
    finally:
        for block in (controls, frames):
            block.close()
            block.unlink()


def test_another_size_is_made_while_the_present_one_paints_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        bench.report(lambda m: isinstance(m, Report) and m.state is State.RUNNING)
        bench.frame(lambda f: f.step > 130)
        wanted = bench.table["size"].position(64)
        bench.move(size=wanted, style__block2_conv1=0.625)
        seen = [bench.frame()]
        while seen[-1].picture.shape != (48, 64, 3):
            seen.append(bench.frame(lambda f: f.epoch > seen[-1].epoch))
        # The old size painted on until the new one was there, and nothing jumped.
        assert sum(frame.picture.shape == (24, 32, 3) for frame in seen) > 5
        small = np.asarray(Image.fromarray(seen[-1].picture).resize((32, 24), Image.Resampling.BOX))
        assert np.abs(small.astype(int) - seen[-2].picture).mean() < 25
        assert seen[-1].step > seen[-2].step
        assert seen[-1].terms["style"][1].weight == pytest.approx(10**0.5)
        bench.report(lambda m: isinstance(m, Report) and (m.width, m.height) == (64, 48))
    finally:
        bench.close()


def test_it_begins_coarse_and_goes_on_at_the_full_size(tmp_path: Path) -> None:
    bench = Bench(tmp_path, size=200)
    try:
        first = bench.frame()
        assert first.picture.shape == (72, 96, 3)
        full = bench.frame(lambda f: f.picture.shape == (150, 200, 3))
        assert full.step > first.step
    finally:
        bench.close()


def test_the_scale_of_a_style_is_followed_while_it_paints(bench: Bench) -> None:
    before = bench.frame()
    rev = bench.move(style_scale__1=0.75)
    after = bench.frame(lambda f: f.rev >= rev and f.epoch > before.epoch + 3)
    assert after.step > before.step
    bench.move(style_scale__1=0.5)
    assert not any(isinstance(message, CommandRejected) for message in bench.heard)


def test_a_later_worker_goes_on_with_the_same_picture(tmp_path: Path) -> None:
    checkpoints = str(tmp_path / "checkpoints")
    bench = Bench(tmp_path, checkpoints=checkpoints)
    try:
        bench.frame(lambda f: f.step > 300)  # far from the start
    finally:
        bench.close()  # and with Stop the last picture is kept
    kept, _ = load_latest(Path(checkpoints))
    assert kept.step > 300

    bench = Bench(tmp_path, checkpoints=checkpoints)
    try:
        first = bench.frame()
        assert first.epoch >= kept.epoch
        assert first.step >= kept.step
        later = bench.frame(lambda f: f.epoch > kept.epoch + 3)
        # Not from the start again: as near to what was kept as a few steps of it are.
        shown = np.clip(kept.state["picture"] + 0.5, 0, 255).astype(np.uint8)
        start = picture(24, 32, 1)
        assert (
            np.abs(later.picture.astype(float) - shown).mean()
            < 0.5 * np.abs(later.picture.astype(float) - start).mean()
        )
    finally:
        bench.close()
