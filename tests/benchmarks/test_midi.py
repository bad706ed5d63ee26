"""What the hardware benchmark makes of what was noted."""

import pytest

from benchmarks.midi.flood import Round, Storms, Window
from benchmarks.midi.latency import Turn, traced


def test_a_turn_is_followed_from_place_to_place_and_lost_where_it_was_lost() -> None:
    sent = [(1.00, 40.0), (1.08, 41.0), (1.16, 42.0), (1.24, 43.0)]
    heard = [(1.004, 40.0), (1.164, 42.0), (1.245, 43.0)]  # JACK has left out the second
    seen = [
        (1.006, 0.25 * 40 / 127), (1.036, 40 / 127),  # smoothed
        (1.166, 42 / 127),
    ]  # fmt: skip
    first, second, third, fourth = traced(sent, heard, seen)
    assert (first.port, first.moved, first.there) == pytest.approx((0.004, 0.002, 0.032))
    assert second == Turn(None)
    assert third.moved == third.there == pytest.approx(0.002)
    assert (fourth.moved, fourth.there) == (None, None)  # ours


def test_what_a_storm_costs_is_told_from_what_sending_it_costs() -> None:
    quiet, unheard = Window(25.0, 0.049, 0.01, 0.00, 0.5), Window(20.0, 0.050, 0.01, 0.00, 0.5)
    storm = Window(19.0, 0.051, 0.09, 0.12, 0.5)
    found = Storms([Round(quiet, unheard, storm)], [50.0], 8, 8)
    assert found.lost() == tuple(pytest.approx([part]) for part in (0.24, 0.2, 0.05))
    assert found.dearer() == pytest.approx([0.02])
    server, agent = found.taken()
    assert (server, agent) == (pytest.approx([0.08]), pytest.approx([0.12]))
