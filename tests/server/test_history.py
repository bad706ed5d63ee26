import csv
import io

import numpy as np

from styletune.ipc.commands import State
from styletune.ipc.frame_block import Frame, Term
from styletune.server import history
from styletune.server.history import ControlHistory, LossHistory, ServerStats

LAYERS = ("block1_conv1", "block2_conv1")


def frame(epoch: int) -> Frame:
    terms = [Term(epoch + n / 10, 0.5, 0.25, 1 / 3) for n in range(4)]
    return Frame(
        epoch=epoch, step=epoch * 2, rev=3, time=1_700_000_000.123456, steps_per_s=9.5,
        picture=np.zeros((1, 1, 3), np.uint8),
        terms={"content": tuple(terms[:2]), "style": tuple(terms[2:])},
        smooth=0.125, total=4.0,
    )  # fmt: skip


def table(history: LossHistory) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(history.csv()))))


def test_an_empty_history_is_a_head_of_names() -> None:
    history = LossHistory(LAYERS)
    assert "".join(history.csv()).count("\n") == 1
    assert history.columns[:7] == (
        "epoch", "step", "rev", "time", "steps_per_s", "smooth", "total",
    )  # fmt: skip
    assert history.columns[7] == "content.block1_conv1.raw"
    assert history.columns[-1] == "style.block2_conv1.share"


def test_every_number_comes_out_as_it_went_in() -> None:
    history = LossHistory(LAYERS)
    history.add(frame(6))
    (row,) = table(history)
    assert row["epoch"] == "6"
    assert row["step"] == "12"
    assert float(row["time"]) == 1_700_000_000.123456
    assert float(row["content.block2_conv1.raw"]) == 6.1
    assert float(row["style.block2_conv1.raw"]) == 6.3
    assert float(row["style.block1_conv1.share"]) == 1 / 3


def test_the_oldest_epochs_go_first() -> None:
    history = LossHistory(LAYERS, max_epochs=5)
    for epoch in range(3):
        history.add(frame(epoch))
    assert [row["epoch"] for row in table(history)] == ["0", "1", "2"]
    for epoch in range(3, 12):
        history.add(frame(epoch))
    assert [row["epoch"] for row in table(history)] == ["7", "8", "9", "10", "11"]
    assert len(history) == 5


def test_a_table_that_is_being_read_does_not_change() -> None:
    history = LossHistory(LAYERS, max_epochs=300)
    for epoch in range(300):
        history.add(frame(epoch))
    lines = history.csv()
    next(lines)
    for epoch in range(300, 500):
        history.add(frame(epoch))
    text = "".join(lines).splitlines()
    assert [line.split(",")[0] for line in text] == [str(epoch) for epoch in range(300)]


def test_only_the_last_epochs_are_given_when_asked_for() -> None:
    history = LossHistory(LAYERS, max_epochs=5)
    for epoch in range(12):
        history.add(frame(epoch))
    lines = "".join(history.csv(2)).splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "10", "11"]
    assert len("".join(history.csv(99)).splitlines()) == 6


def test_a_revision_has_the_values_it_had() -> None:
    values = ControlHistory(3, {"a": 0.0, "b": False})
    values.add(4, {"a": 0.1})
    values.add(5, {"a": 0.2, "b": True})
    assert values.values_at(3) == (3, {"a": 0.0, "b": False})
    assert values.values_at(4) == (4, {"a": 0.1, "b": False})
    assert values.values_at(5) == values.values_at(9) == (5, {"a": 0.2, "b": True})


def test_what_no_picture_will_ask_for_is_forgotten() -> None:
    values = ControlHistory(0, {"a": 0.0})
    for rev in range(1, 11):
        values.add(rev, {"a": rev / 10})
    values.discard_before(7)
    assert values.values_at(7) == (7, {"a": 0.7})
    assert values.values_at(9) == (9, {"a": 0.9})
    # Older ones are gone: it says which values these are.
    assert values.values_at(2) == (7, {"a": 0.7})


def test_a_painter_that_hangs_does_not_let_it_grow() -> None:
    values = ControlHistory(0, {"a": 0.0})
    for rev in range(1, history.MAX_CHANGES + 101):
        values.add(rev, {"a": float(rev)})
    assert len(values._changes) == history.MAX_CHANGES
    assert values.values_at(0) == (100, {"a": 100.0})
    assert values.values_at(150) == (150, {"a": 150.0})


def test_epochs_that_nobody_saw_are_counted_as_missed() -> None:
    stats = ServerStats()
    for epoch in (100, 101, 105):  # the first may be any: the painting was resumed
        stats.record_frame(epoch)
    assert (stats.epochs, stats.missed) == (6, 3)
    stats.record_frame(3)  # another painting begins
    assert (stats.epochs, stats.missed) == (6, 3)


def test_what_a_viewer_skips_is_dropped_but_not_what_was_before_it_came() -> None:
    stats = ServerStats()
    for epoch, before in ((50, -1), (51, 50), (60, 51)):
        stats.record_sent(epoch, before)
    assert (stats.sent, stats.dropped) == (3, 8)


def test_a_state_told_twice_is_one_restart() -> None:
    stats = ServerStats()
    for state in (
        State.RUNNING, State.RESTARTING, State.RESTARTING, State.STARTING, State.RESTARTING,
        State.RUNNING, State.ROLLING_BACK, State.RUNNING, State.FAILED,
    ):  # fmt: skip
        stats.record_state(state)
    assert (stats.restarts, stats.rollbacks) == (2, 1)
