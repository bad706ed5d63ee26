"""How far a run is."""

from styletune.ipc.commands import Run
from styletune.worker.runs import CHECK_EVERY, PaintRun, RunQueue


def test_a_run_allows_no_step_too_many() -> None:
    run = PaintRun(Run(1, 7))
    assert run.limit_steps(5) == 5
    run.record(5, 1.0)
    assert not run.done
    assert run.limit_steps(5) == 1  # the last one by itself
    assert not run.is_last
    run.record(1, 1.0)
    assert run.is_last
    assert run.limit_steps(5) == 1
    run.record(1, 1.0)
    assert run.done


def test_a_settling_run_looks_at_the_same_steps_however_the_epochs_fall() -> None:
    run = PaintRun(Run(1, 500, settle=0.01))
    assert run.limit_steps(64) == CHECK_EVERY
    run.record(3, 9.0)
    assert run.limit_steps(64) == CHECK_EVERY - 3
    while not run.done:
        run.record(run.limit_steps(4), 1.0)
    assert run.taken == 110


def test_a_finished_run_stands_still_for_five_seconds() -> None:
    runs = RunQueue()
    runs.pending = Run(1, 2)
    runs.start()
    runs.record(2, 1.0, now=10.0)
    assert runs.current.done
    assert runs.is_holding(False, 14.9)
    assert not runs.is_holding(False, 15.0)
    assert runs.current.command.run == 0  # over


def test_a_moved_control_ends_the_standing_still() -> None:
    runs = RunQueue()
    runs.pending = Run(1, 2)
    runs.start()
    runs.record(2, 1.0, now=10.0)
    assert not runs.is_holding(True, 10.1)


def test_without_a_run_the_painting_is_endless() -> None:
    runs = RunQueue()
    assert runs.limit_steps(7) == (7, None)
    runs.record(7, 1.0, now=1.0)
    assert not runs.is_holding(False, 1.0)
