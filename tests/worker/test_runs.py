"""How far a run is."""

from styletune.ipc.commands import Run
from styletune.worker.runs import LOOK_EVERY, PaintRun, RunQueue


def test_a_run_allows_no_step_too_many() -> None:
    run = PaintRun(Run(1, 7))
    assert run.allow(5) == 5
    run.took(5, 1.0)
    assert not run.done
    assert run.allow(5) == 1  # the last one by itself
    assert not run.last
    run.took(1, 1.0)
    assert run.last
    assert run.allow(5) == 1
    run.took(1, 1.0)
    assert run.done


def test_a_settling_run_looks_at_the_same_steps_however_the_epochs_fall() -> None:
    run = PaintRun(Run(1, 500, settle=0.01))
    assert run.allow(64) == LOOK_EVERY
    run.took(3, 9.0)
    assert run.allow(64) == LOOK_EVERY - 3
    while not run.done:
        run.took(run.allow(4), 1.0)
    assert run.taken == 110


def test_a_finished_run_stands_still_for_five_seconds() -> None:
    runs = RunQueue()
    runs.asked = Run(1, 2)
    runs.begin()
    runs.took(2, 1.0, now=10.0)
    assert runs.now.done
    assert runs.holds(False, 14.9)
    assert not runs.holds(False, 15.0)
    assert runs.now.order.run == 0  # over


def test_a_moved_control_ends_the_standing_still() -> None:
    runs = RunQueue()
    runs.asked = Run(1, 2)
    runs.begin()
    runs.took(2, 1.0, now=10.0)
    assert not runs.holds(True, 10.1)


def test_without_a_run_the_painting_is_endless() -> None:
    runs = RunQueue()
    assert runs.allow(7) == (7, None)
    runs.took(7, 1.0, now=1.0)
    assert not runs.holds(False, 1.0)
