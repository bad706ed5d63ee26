"""When a failed worker is started again."""

import pytest

from styletune.supervisor.policy import RestartPolicy, SupervisorTimeouts


@pytest.fixture
def backoff() -> RestartPolicy:
    return RestartPolicy(SupervisorTimeouts())


def test_waits_grow_and_the_fifth_failure_in_five_minutes_is_the_last(
    backoff: RestartPolicy,
) -> None:
    assert [backoff.failed(now) for now in (0.0, 1.0, 3.0, 7.0, 299.0)] == [0, 1, 2, 4, None]
    assert backoff.count == 5


def test_waits_go_up_to_half_a_minute_when_failures_are_far_apart(backoff: RestartPolicy) -> None:
    waits = [backoff.failed(100.0 * number) for number in range(9)]
    assert waits == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_minute_of_pictures_forgives_all(backoff: RestartPolicy) -> None:
    for now in (0.0, 1.0, 2.0, 3.0):
        backoff.failed(now)
    for now in (10.0, 40.0, 69.9):
        backoff.painted(now)
    assert backoff.count == 4
    backoff.painted(70.0)
    assert backoff.count == 0
    assert backoff.failed(71.0) == 0


def test_the_minute_begins_anew_with_each_failure(backoff: RestartPolicy) -> None:
    backoff.painted(0.0)
    backoff.failed(50.0)
    backoff.painted(51.0)
    backoff.painted(110.0)
    assert backoff.failed(111.0) == 1


def test_a_reset_gives_all_tries_back(backoff: RestartPolicy) -> None:
    while backoff.failed(0.0) is not None:
        pass
    backoff.reset()
    assert backoff.failed(1.0) == 0
