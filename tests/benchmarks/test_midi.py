"""Turns followed through logs, and the cost of floods."""

import pytest

from benchmarks.midi.flood import FloodResult, Round, Window
from benchmarks.midi.latency import Turn, follow_turns


def test_turn_is_followed_until_it_is_lost() -> None:
    sent = [(1.00, 40.0), (1.08, 41.0), (1.16, 42.0), (1.24, 43.0)]
    messages = [(1.004, 40.0), (1.164, 42.0), (1.245, 43.0)]  # JACK has left out the second
    positions = [
        (1.006, 0.25 * 40 / 127), (1.036, 40 / 127),  # smoothed
        (1.166, 42 / 127),
    ]  # fmt: skip
    first, second, third, fourth = follow_turns(sent, messages, positions)
    assert (first.port_s, first.moved_s, first.arrived_s) == pytest.approx((0.004, 0.002, 0.032))
    assert second == Turn(None)
    assert third.moved_s == third.arrived_s == pytest.approx(0.002)
    assert (fourth.moved_s, fourth.arrived_s) == (None, None)  # ours


def test_flood_cost_excludes_sending() -> None:
    quiet, unconnected = Window(25.0, 0.049, 0.01, 0.00, 0.5), Window(20.0, 0.050, 0.01, 0.00, 0.5)
    flood = Window(19.0, 0.051, 0.09, 0.12, 0.5)
    result = FloodResult([Round(quiet, unconnected, flood)], [50.0], 8, 8)
    assert result.lost_steps() == tuple(pytest.approx([part]) for part in (0.24, 0.2, 0.05))
    assert result.step_cpu_increase() == pytest.approx([0.02])
    server, agent = result.cores()
    assert (server, agent) == (pytest.approx([0.08]), pytest.approx([0.12]))
