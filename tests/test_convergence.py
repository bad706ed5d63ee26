"""When a loss has come to rest."""

from styletune.convergence import WINDOW_STEPS, PlateauDetector


def settles_at(loss, every: int = 10, tolerance: float = 0.01, until: int = 3000) -> int | None:
    settling = PlateauDetector(tolerance)
    for step in range(every, until, every):
        if settling.add(step, loss(step)):
            return step
    return None


def test_a_constant_loss_settles_once_it_was_seen_for_two_stretches() -> None:
    assert settles_at(lambda step: 5.0) == 2 * WINDOW_STEPS + 10


def test_a_falling_loss_settles_when_it_falls_slowly_enough() -> None:
    # 1 / step falls by the part 50 / step within fifty steps: by a hundredth near step 5000.
    assert settles_at(lambda step: 1 / step) is None
    coarse = settles_at(lambda step: 1 / step, tolerance=0.1)
    assert coarse is not None
    assert 450 <= coarse <= 650


def test_a_loss_that_rises_or_is_zero_counts_as_settled() -> None:
    assert settles_at(lambda step: float(step)) == 2 * WINDOW_STEPS + 10
    assert settles_at(lambda step: 0.0) == 2 * WINDOW_STEPS + 10


def test_looks_may_come_at_any_distance() -> None:
    assert settles_at(lambda step: 5.0, every=37) is not None
    assert settles_at(lambda step: 5.0, every=170) is not None
