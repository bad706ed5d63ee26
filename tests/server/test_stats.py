from styletune.ipc.commands import State
from styletune.server.stats import ServerStats


def test_epochs_that_nobody_saw_are_counted_as_missed() -> None:
    tally = ServerStats()
    for epoch in (100, 101, 105):  # the first may be any: the painting was resumed
        tally.frame(epoch)
    assert (tally.epochs, tally.missed) == (6, 3)
    tally.frame(3)  # another painting begins
    assert (tally.epochs, tally.missed) == (6, 3)


def test_what_a_viewer_skips_is_dropped_but_not_what_was_before_it_came() -> None:
    tally = ServerStats()
    for epoch, before in ((50, -1), (51, 50), (60, 51)):
        tally.picture(epoch, before)
    assert (tally.sent, tally.dropped) == (3, 8)


def test_a_state_told_twice_is_one_restart() -> None:
    tally = ServerStats()
    for state in (
        State.RUNNING, State.RESTARTING, State.RESTARTING, State.STARTING, State.RESTARTING,
        State.RUNNING, State.ROLLING_BACK, State.RUNNING, State.FAILED,
    ):  # fmt: skip
        tally.report(state)
    assert (tally.restarts, tally.rollbacks) == (2, 1)
