"""The figures of the live instrument, by hand, and their table."""

import io

import pytest
from rich.console import Console

from benchmarks.common.client import Epoch
from benchmarks.server.live import spans_between
from benchmarks.server.live_figures import EpochSpan, Figures, Latency, step_costs, table


def test_each_long_span_costs_its_seconds_by_its_steps() -> None:
    spans = [EpochSpan(1.0, 10), EpochSpan(3.0, 10)]
    assert step_costs(spans, at_least_s=0.5) == pytest.approx([0.1, 0.3])


def test_short_spans_are_put_together_first() -> None:
    # 0.2 s a step and 0.4 s a step, in spans of 0.6 s: (0.2 + 0.4) / 2.
    spans = [EpochSpan(0.2, 1), EpochSpan(0.4, 1)] * 2
    assert step_costs(spans, at_least_s=0.5) == pytest.approx([0.3, 0.3])


def test_left_over_steps_count_where_there_is_nothing_else() -> None:
    spans = [EpochSpan(1.0, 10), EpochSpan(0.2, 1)]
    assert step_costs(spans, at_least_s=0.5) == pytest.approx([0.1])
    assert step_costs([EpochSpan(0.2, 2)], at_least_s=0.5) == pytest.approx([0.1])
    assert step_costs([], at_least_s=0.5) == []


def test_latency_target_is_one_epoch_one_step_and_fifty_milliseconds() -> None:
    figures = Figures("lite", epochs=[EpochSpan(0.6, 20, epochs=6)])
    assert figures.epoch_s == pytest.approx(0.1)
    assert figures.steps_per_epoch == pytest.approx(20 / 6)
    assert figures.step_s == pytest.approx(0.03)
    assert figures.latency_target_s == pytest.approx(0.18)


def test_latency_is_painting_and_delivery() -> None:
    assert Latency(total_s=0.15, painting_s=0.12).delivery_s == pytest.approx(0.03)


def test_overhead_bound_adds_the_web_process_to_the_time_outside_steps() -> None:
    epochs = [EpochSpan(0.1, 3, stepping_s=0.098), EpochSpan(0.2, 6, epochs=2, stepping_s=0.05)]
    figures = Figures("lite", epochs=epochs, web_cores=0.01)
    assert figures.outside_steps == pytest.approx(0.02)  # two epochs in one message are left out
    assert figures.overhead_bound == pytest.approx(0.03)
    assert Figures("lite").overhead_bound is None


def test_floor_counts_forwards_and_backwards_at_two_operations_each() -> None:
    figures = Figures("lite", peak_flops=1e9, multiply_adds=250_000)
    assert figures.floor_s == pytest.approx(1e-3)


def test_epochs_last_from_one_message_to_the_next() -> None:
    assert spans_between([Epoch(4, 10, 100.0), Epoch(5, 13, 100.5)]) == [EpochSpan(0.5, 3)]


def test_an_epoch_has_the_time_of_its_steps() -> None:
    (epoch,) = spans_between([Epoch(4, 10, 100.0), Epoch(5, 13, 100.5, steps_per_s=10.0)])
    assert epoch.stepping_s == pytest.approx(0.3)


def test_a_message_that_overtook_another_counts_for_both() -> None:
    (both,) = spans_between([Epoch(4, 10, 100.0), Epoch(6, 16, 101.0)])
    assert both == EpochSpan(1.0, 6, epochs=2)


@pytest.mark.parametrize("messages", [[], [Epoch(1, 1, 1.0)]])
def test_fewer_than_two_messages_bound_no_epoch(messages: list[Epoch]) -> None:
    assert spans_between(messages) == []


def text_of(*columns: Figures) -> str:
    console = Console(file=io.StringIO(), width=118)
    console.print(table(columns, "title", ["a note below"]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if f" {name} " in line]
    return line


def measured() -> Figures:
    return Figures(
        "lite",
        first_picture_s=7.5,
        first_painted_s=12.0,
        epochs=[EpochSpan(0.1, 5)],
        bare_s=[0.0192, 0.0192],
        overheads=[0.05, 0.04, 0.01],
        latencies=[Latency(0.1, 0.08), Latency(0.3, 0.25)],
        web_cores=0.12,
        web_mb=150.0,
        worker_mb=800.0,
        peak_flops=2e11,
        multiply_adds=10**9,
    )


def test_each_target_is_beside_its_figure() -> None:
    text = text_of(measured())
    assert "12.0 s  met" in row(text, "start to first painted picture")
    assert "4.0%  met" in row(text, "loop overhead, median of pairs")
    assert "+2.5% … +4.5%, 3 pairs" in row(text, "the middle half of them")
    # 5 % between the second and the last but one of two: 0.1 + 0.95 × 0.2 s.
    assert "290 ms of 170 ms  missed" in row(text, "control to picture, p95")
    assert "150 MB  missed" in row(text, "peak memory, web process")


def test_latency_is_shown_in_milliseconds_and_in_epochs() -> None:
    text = text_of(measured())
    assert "200 ms" in row(text, "control to picture, p50")
    assert "2.00, 2.90" in row(text, "the same in epochs, p50, p95")


def test_floor_is_beside_the_bare_step() -> None:
    text = text_of(measured())
    assert "20.0 ms" in row(text, "floor of a step, at that peak")
    assert "0.96 ×" in row(text, "bare step above the floor")


def test_what_was_not_measured_is_left_out() -> None:
    text = text_of(measured(), Figures("vgg16"))
    assert row(text, "steps per second").count("–") == 1
    assert "vgg16" in text
    assert "a note below" in text
