"""Runs of exactly so many steps, in the real loop: the same picture each time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from styletune.ipc.commands import Run
from styletune.ipc.frame_block import Frame
from tests.worker.test_loop import Bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("runs"), init="noise")
    yield bench
    bench.close()


class Runs:
    """Sends one run after the other and waits for their ends."""

    number = 0

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def __call__(self, steps: int, **how: object) -> Frame:
        Runs.number += 1
        number = Runs.number
        self.bench.pipe.send(Run(number, steps, **how))  # type: ignore[arg-type]
        return self.bench.frame(lambda f: f.run == number and f.run_done)


def test_a_run_ends_at_its_step_and_stands_still_for_the_next(bench: Bench) -> None:
    run = Runs(bench)
    frame = run(23)
    assert frame.run_step == 23
    again = bench.frame()
    assert (again.epoch, again.run_done) == (frame.epoch, True)


def test_the_same_seed_gives_the_same_picture_however_the_epochs_fall(bench: Bench) -> None:
    run = Runs(bench)
    first = run(17, seed=5)
    other = run(17, seed=6)
    assert not np.array_equal(first.picture, other.picture)
    # From where the one before ended: 8 + 9 steps are the 17.
    run(8, seed=5)
    parts = run(9, reset=False)
    np.testing.assert_array_equal(parts.picture, first.picture)
    assert parts.total == first.total
    assert [t.raw for t in parts.terms["style"]] == [t.raw for t in first.terms["style"]]


def test_without_a_seed_it_begins_as_the_session_does(bench: Bench) -> None:
    run = Runs(bench)
    own = run(1, seed=bench.session.painting.seed)
    np.testing.assert_array_equal(run(1).picture, own.picture)


def test_a_run_contains_the_controls_written_before_it(bench: Bench) -> None:
    rev = bench.move(style__block2_conv1=0.9)
    frame = Runs(bench)(3)
    assert frame.rev == rev
    assert frame.terms["style"][1].weight == pytest.approx(10**1.6)


def test_a_moved_control_lets_the_painting_go_on(bench: Bench) -> None:
    done = Runs(bench)(2)
    bench.move(smooth=0.2)
    frame = bench.frame(lambda f: f.epoch > done.epoch and not f.run)
    assert not frame.run_done


def test_a_settled_run_ends_before_its_steps_and_at_the_same_one_each_time(bench: Bench) -> None:
    run = Runs(bench)
    first = run(2000, settle=0.2)
    assert 100 < first.run_step < 2000
    assert first.run_step % 10 == 0
    second = run(2000, settle=0.2)
    assert second.run_step == first.run_step
    np.testing.assert_array_equal(second.picture, first.picture)


def test_a_newer_run_takes_the_place_of_one_under_way(bench: Bench) -> None:
    Runs.number += 1
    bench.pipe.send(Run(Runs.number, 1_000_000))
    bench.frame(lambda f, n=Runs.number: f.run == n)
    assert Runs(bench)(4).run_step == 4


def test_a_run_is_published_in_whole_epochs_its_last_step_among_them(tmp_path: Path) -> None:
    bench = Bench(tmp_path, epoch_steps=20)
    try:
        run = Runs(bench)
        assert run(40).epoch + 2 == run(40).epoch
        # Fewer steps than an epoch has, and a look at the loss in its middle.
        assert run(15).epoch + 1 == run(15, settle=1e-9).epoch
    finally:
        bench.close()
