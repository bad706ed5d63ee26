import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.server.live_figures import (
    Answer,
    Figures,
    Stretch,
    multiply_adds,
    percentile,
    step_costs,
)

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@given(values, st.floats(0, 100))
def test_percentiles_are_those_of_numpy(some, percent):
    assert percentile(some, percent) == pytest.approx(np.percentile(some, percent), abs=1e-6)


def test_a_percentile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="received none"):
        percentile([], 50)


def test_a_percentile_beyond_all_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.100; received 101"):
        percentile([1.0], 101)


def test_each_long_stretch_costs_its_seconds_by_its_steps():
    stretches = [Stretch(1.0, 10), Stretch(3.0, 10)]
    assert step_costs(stretches, at_least_s=0.5) == pytest.approx([0.1, 0.3])


def test_short_stretches_are_put_together_first():
    # 0.2 s a step and 0.4 s a step, in stretches of 0.6 s: (0.2 + 0.4) / 2.
    stretches = [Stretch(0.2, 1), Stretch(0.4, 1)] * 2
    assert step_costs(stretches, at_least_s=0.5) == pytest.approx([0.3, 0.3])


def test_what_is_left_over_counts_where_there_is_nothing_else():
    assert step_costs([Stretch(1.0, 10), Stretch(0.2, 1)], at_least_s=0.5) == pytest.approx([0.1])
    assert step_costs([Stretch(0.2, 2)], at_least_s=0.5) == pytest.approx([0.1])
    assert step_costs([], at_least_s=0.5) == []


def test_multiply_adds_of_two_convolutions_with_a_pooling_between_them():
    layers = [((3, 3, 3, 16), False), ((3, 3, 16, 32), True)]
    assert multiply_adds(layers, 8, 6) == 48 * 9 * 3 * 16 + 12 * 9 * 16 * 32


def test_the_floor_counts_forwards_and_backwards_at_two_operations_each():
    figures = Figures("lite", peak_flops=1e9, multiply_adds=250_000)
    assert figures.floor_s == pytest.approx(1e-3)


def test_the_latency_may_be_one_epoch_one_step_and_fifty_milliseconds():
    figures = Figures("lite", served=[[0.03]], epochs=[Stretch(0.2, 6, epochs=2)])
    assert figures.epoch_s == pytest.approx(0.1)
    assert figures.steps_per_epoch == pytest.approx(3)
    assert figures.latency_target_s == pytest.approx(0.18)


def test_an_answer_is_painted_and_delivered():
    assert Answer(total=0.15, painting=0.12).delivery == pytest.approx(0.03)


def test_what_is_outside_the_steps_is_told_with_and_without_the_web_process():
    epochs = [Stretch(0.1, 3, stepping_s=0.098), Stretch(0.2, 6, epochs=2, stepping_s=0.05)]
    figures = Figures("lite", epochs=epochs, web_cores=0.01)
    assert figures.outside == pytest.approx(0.02)  # two epochs in one message tell nothing
    assert figures.most == pytest.approx(0.03)
    assert Figures("lite").most is None
