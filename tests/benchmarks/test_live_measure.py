import pytest

from benchmarks.common.client import Epoch
from benchmarks.server.live_figures import Stretch
from benchmarks.server.live_measure import epochs_between


def test_epochs_last_from_one_message_to_the_next():
    assert epochs_between([Epoch(4, 10, 100.0), Epoch(5, 13, 100.5)]) == [Stretch(0.5, 3)]


def test_an_epoch_knows_how_long_its_steps_took():
    (epoch,) = epochs_between([Epoch(4, 10, 100.0), Epoch(5, 13, 100.5, steps_per_s=10.0)])
    assert epoch.stepping_s == pytest.approx(0.3)


def test_a_message_that_overtook_another_counts_for_both():
    (both,) = epochs_between([Epoch(4, 10, 100.0), Epoch(6, 16, 101.0)])
    assert both == Stretch(1.0, 6, epochs=2)


@pytest.mark.parametrize("messages", [[], [Epoch(1, 1, 1.0)]])
def test_fewer_than_two_messages_bound_no_epoch(messages):
    assert epochs_between(messages) == []
