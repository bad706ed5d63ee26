"""Restarts, hangs and smaller sizes, without any clock."""

import pytest

from styletune.config import SessionConfig
from styletune.ipc.commands import State
from styletune.supervisor.policy import RestartPolicy, SupervisorTimeouts, Watchdog, reduce_size

TABLE = SessionConfig().table()
NEVER = (0.0, 0)


@pytest.fixture
def policy() -> RestartPolicy:
    return RestartPolicy(SupervisorTimeouts())


def test_waits_grow_and_the_fifth_failure_in_five_minutes_is_the_last(
    policy: RestartPolicy,
) -> None:
    assert [policy.record_failure(now) for now in (0.0, 1.0, 3.0, 7.0, 299.0)] == [0, 1, 2, 4, None]
    assert policy.failure_count == 5


def test_waits_go_up_to_half_a_minute_when_failures_are_far_apart(policy: RestartPolicy) -> None:
    waits = [policy.record_failure(100.0 * number) for number in range(9)]
    assert waits == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_minute_of_pictures_forgives_all(policy: RestartPolicy) -> None:
    for now in (0.0, 1.0, 2.0, 3.0):
        policy.record_failure(now)
    for now in (10.0, 40.0, 69.9):
        policy.record_success(now)
    assert policy.failure_count == 4
    policy.record_success(70.0)
    assert policy.failure_count == 0
    assert policy.record_failure(71.0) == 0


def test_the_minute_begins_anew_with_each_failure(policy: RestartPolicy) -> None:
    policy.record_success(0.0)
    policy.record_failure(50.0)
    policy.record_success(51.0)
    policy.record_success(110.0)
    assert policy.record_failure(111.0) == 1


def test_a_reset_gives_all_tries_back(policy: RestartPolicy) -> None:
    while policy.record_failure(0.0) is not None:
        pass
    policy.reset()
    assert policy.record_failure(1.0) == 0


# ----------------------------------------------------------------- watchdog


def stopped() -> bool:
    return True


def watch(
    watchdog: Watchdog, beat: tuple[float, int], start: float, stop: float, is_stopped=stopped
) -> str | None:
    """Look every tenth of a second and return the first verdict."""
    for tenths in range(round(10 * start), round(10 * stop) + 1):
        if verdict := watchdog.check(beat, tenths / 10, is_stopped):
            return verdict
    return None


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(SupervisorTimeouts(), 0.0)


def test_a_silent_process_that_is_not_stopped_may_be_waiting_for_memory(
    watchdog: Watchdog,
) -> None:
    watchdog.note_state(State.RUNNING)
    assert watch(watchdog, NEVER, 0.0, 11.9, lambda: False) is None
    verdict = watch(watchdog, NEVER, 12.0, 12.5, lambda: False)
    assert verdict == "hung while running: no sign of life for 12 s"


def test_a_stopped_process_without_a_step_for_five_seconds_is_hung(watchdog: Watchdog) -> None:
    watchdog.note_state(State.RUNNING)
    assert watch(watchdog, NEVER, 0.0, 4.9) is None
    assert watch(watchdog, NEVER, 5.0, 5.5) == "hung while running: no sign of life for 5 s"


def test_a_worker_that_steps_is_not_hung(watchdog: Watchdog) -> None:
    watchdog.note_state(State.RUNNING)
    for step in range(1, 100):
        assert watch(watchdog, (float(step), step), step, step + 0.9) is None


def test_slow_steps_are_given_twenty_times_their_median(watchdog: Watchdog) -> None:
    watchdog.note_state(State.RUNNING)
    for step in range(1, 10):
        watch(watchdog, (2.0 * step, step), 2.0 * step, 2.0 * step + 1.9)
    assert watch(watchdog, (18.0, 9), 20.0, 57.9) is None
    assert "no sign of life for 40 s" in str(watch(watchdog, (18.0, 9), 58.0, 59.0))


def test_starting_and_compiling_are_given_three_minutes_each(watchdog: Watchdog) -> None:
    assert watch(watchdog, NEVER, 0.0, 179.9) is None
    watchdog.note_state(State.COMPILING)
    assert watch(watchdog, NEVER, 180.0, 359.0) is None
    assert "hung while compiling: no sign of life for 180 s" in str(
        watch(watchdog, NEVER, 359.1, 361.0)
    )


def test_a_pause_without_heartbeat_is_not_blamed_but_one_that_stops_is(watchdog: Watchdog) -> None:
    watchdog.note_state(State.RUNNING)
    watchdog.check((1.0, 1), 1.0, stopped)
    watchdog.note_state(State.PAUSED)
    assert watch(watchdog, (1.0, 1), 1.0, 100.0) is None
    watchdog.check((100.0, 1), 100.0, stopped)
    assert "hung while paused" in str(watch(watchdog, (100.0, 1), 100.0, 106.0))


def test_rolling_back_is_watched_as_running_is(watchdog: Watchdog) -> None:
    watchdog.note_state(State.ROLLING_BACK)
    assert "hung while rolling back" in str(watch(watchdog, NEVER, 0.0, 6.0))


def test_when_this_process_overslept_the_worker_is_not_blamed(watchdog: Watchdog) -> None:
    watchdog.note_state(State.RUNNING)
    watchdog.check((1.0, 1), 1.0, stopped)
    assert watchdog.check((1.0, 1), 1000.0, stopped) is None  # Ctrl-Z stopped both
    assert watchdog.check((1000.1, 2), 1000.1, stopped) is None


# ------------------------------------------------------------ out of memory


def at(px: float) -> dict[str, float]:
    return {"size": TABLE["size"].position(px)}


def test_one_size_down_is_half_the_pixels() -> None:
    found = reduce_size(TABLE, at(512), "out of memory")
    assert found.message == "out of memory at 512 px; going on at 362 px"
    assert TABLE["size"].value(found.position) == pytest.approx(512 / 2**0.5)


def test_not_below_the_smallest() -> None:
    low = TABLE["size"].low
    found = reduce_size(TABLE, at(low * 1.1), "out of memory")
    assert TABLE["size"].value(found.position) == pytest.approx(low)
    assert reduce_size(TABLE, at(low), "out of memory") is None
