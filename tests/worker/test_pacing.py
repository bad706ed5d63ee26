"""The pace: epochs bounded by time, or a fixed number of steps."""

from styletune.worker.pacing import EpochPacer


def test_the_first_epoch_is_one_step() -> None:
    assert EpochPacer(0.1).steps_per_epoch() == 1


def test_an_epoch_holds_as_many_steps_as_fit() -> None:
    pace = EpochPacer(0.1)
    pace.record(1, 0.03)
    assert pace.steps_per_epoch() == 3


def test_a_step_longer_than_the_epoch_is_taken_alone() -> None:
    pace = EpochPacer(0.1)
    pace.record(1, 0.5)
    assert pace.steps_per_epoch() == 1


def test_one_slow_epoch_does_not_shorten_the_next() -> None:
    pace = EpochPacer(0.1)
    for seconds in (0.02, 0.02, 0.9, 0.02):
        pace.record(1, seconds)
    assert pace.steps_per_epoch() == 5


def test_fixed_steps_are_kept() -> None:
    pace = EpochPacer(0.1, steps=20)
    pace.record(20, 40.0)
    assert pace.steps_per_epoch() == 20


def paced(steps: int) -> EpochPacer:
    pace = EpochPacer(epoch_s=0.1)
    pace.record(1, 0.1 / steps)
    return pace


def test_a_hand_that_begins_to_move_is_answered_after_one_step() -> None:
    pace = paced(8)
    assert pace.plan_epoch(moved=False) == 8
    assert pace.is_interruptible
    assert pace.plan_epoch(moved=True) == 1


def test_while_a_hand_goes_on_moving_epochs_are_whole() -> None:
    pace = paced(8)
    assert pace.plan_epoch(moved=True) == 1
    assert pace.plan_epoch(moved=True) == 8
    assert not pace.is_interruptible
    pace.note_change()
    assert pace.plan_epoch(moved=False) == 8  # it moved, though not just now
    assert not pace.is_interruptible
    assert pace.plan_epoch(moved=False) == 8  # at rest again
    assert pace.is_interruptible
    assert pace.plan_epoch(moved=True) == 1


def test_a_moving_hand_sees_ten_pictures_a_second_however_long_epochs_are() -> None:
    pace = EpochPacer(epoch_s=2.0)
    pace.record(1, 0.02)
    assert [pace.plan_epoch(moved) for moved in (False, True, True, False)] == [100, 1, 5, 100]


def test_a_fixed_number_of_steps_is_kept_hand_or_no_hand() -> None:
    pace = EpochPacer(epoch_s=0.1, steps=20)
    assert [pace.plan_epoch(moved) for moved in (False, True, True)] == [20, 20, 20]
    assert pace.has_fixed_steps
    assert not pace.is_interruptible
