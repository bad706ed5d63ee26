"""What counts as hung."""

import pytest

from styletune.ipc.commands import State
from styletune.supervisor.policy import SupervisorTimeouts, Watchdog

NEVER = (0.0, 0)


def stopped() -> bool:
    return True


def watch(
    watchdog: Watchdog, beat: tuple[float, int], start: float, stop: float, is_stopped=stopped
) -> str | None:
    """Look every tenth of a second and return the first verdict."""
    for tenths in range(round(10 * start), round(10 * stop) + 1):
        if verdict := watchdog.look(beat, tenths / 10, is_stopped):
            return verdict
    return None


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(SupervisorTimeouts(), 0.0)


def test_a_silent_process_that_is_not_stopped_may_be_waiting_for_memory(
    watchdog: Watchdog,
) -> None:
    watchdog.report(State.RUNNING)
    assert watch(watchdog, NEVER, 0.0, 11.9, lambda: False) is None
    verdict = watch(watchdog, NEVER, 12.0, 12.5, lambda: False)
    assert verdict == "hung while running: no sign of life for 12 s"


def test_a_stopped_process_without_a_step_for_five_seconds_is_hung(watchdog: Watchdog) -> None:
    watchdog.report(State.RUNNING)
    assert watch(watchdog, NEVER, 0.0, 4.9) is None
    assert watch(watchdog, NEVER, 5.0, 5.5) == "hung while running: no sign of life for 5 s"


def test_a_worker_that_steps_is_not_hung(watchdog: Watchdog) -> None:
    watchdog.report(State.RUNNING)
    for step in range(1, 100):
        assert watch(watchdog, (float(step), step), step, step + 0.9) is None


def test_slow_steps_are_given_twenty_times_their_median(watchdog: Watchdog) -> None:
    watchdog.report(State.RUNNING)
    for step in range(1, 10):
        watch(watchdog, (2.0 * step, step), 2.0 * step, 2.0 * step + 1.9)
    assert watch(watchdog, (18.0, 9), 20.0, 57.9) is None
    assert "no sign of life for 40 s" in str(watch(watchdog, (18.0, 9), 58.0, 59.0))


def test_starting_and_compiling_are_given_three_minutes_each(watchdog: Watchdog) -> None:
    assert watch(watchdog, NEVER, 0.0, 179.9) is None
    watchdog.report(State.COMPILING)
    assert watch(watchdog, NEVER, 180.0, 359.0) is None
    assert "hung while compiling: no sign of life for 180 s" in str(
        watch(watchdog, NEVER, 359.1, 361.0)
    )


def test_a_pause_without_heartbeat_is_not_blamed_but_one_that_stops_is(watchdog: Watchdog) -> None:
    watchdog.report(State.RUNNING)
    watchdog.look((1.0, 1), 1.0, stopped)
    watchdog.report(State.PAUSED)
    assert watch(watchdog, (1.0, 1), 1.0, 100.0) is None
    watchdog.look((100.0, 1), 100.0, stopped)
    assert "hung while paused" in str(watch(watchdog, (100.0, 1), 100.0, 106.0))


def test_rolling_back_is_watched_as_running_is(watchdog: Watchdog) -> None:
    watchdog.report(State.ROLLING_BACK)
    assert "hung while rolling back" in str(watch(watchdog, NEVER, 0.0, 6.0))


def test_when_this_process_overslept_the_worker_is_not_blamed(watchdog: Watchdog) -> None:
    watchdog.report(State.RUNNING)
    watchdog.look((1.0, 1), 1.0, stopped)
    assert watchdog.look((1.0, 1), 1000.0, stopped) is None  # Ctrl-Z stopped both
    assert watchdog.look((1000.1, 2), 1000.1, stopped) is None
