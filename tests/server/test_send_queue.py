"""Newest wins, in the order of sending."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.server.send_queue import BACKPRESSURE_AT, MAX_PENDING, SendQueue
from styletune.session.outgoing import (
    ChangedMessage,
    EpochMessage,
    ErrorMessage,
    Outgoing,
    Picture,
    PicturesMessage,
    StateMessage,
    TriggeredMessage,
)


def epoch(number: int) -> EpochMessage:
    return EpochMessage(
        epoch=number, step=0, rev=0, time=0, steps_per_s=0, width=1, height=1, losses=(),
        smooth=0, total=0,
    )  # fmt: skip


def changed(
    rev: int, source: str, seq: int | None = None, since: int | None = None, **controls: float
) -> ChangedMessage:
    return ChangedMessage(rev=rev, since=since, controls=controls, source=source, seq=seq)


def drained(*messages: Outgoing) -> list[Outgoing]:
    queue = SendQueue()
    for message in messages:
        queue.put(message)
    taken = []
    while (message := queue.pop()) is not None:
        taken.append(message)
    assert len(queue) == 0
    return taken


def test_of_epochs_states_and_pictures_only_the_newest_waits() -> None:
    picture = Picture(name="a", width=1, height=1, version=1)
    pictures = PicturesMessage(content=picture, styles=())
    assert drained(
        epoch(1),
        StateMessage(state="starting"),
        epoch(2),
        pictures,
        StateMessage(state="running"),
        pictures,
        epoch(3),
    ) == [StateMessage(state="running"), pictures, epoch(3)]


def test_triggers_and_errors_are_all_kept_in_order() -> None:
    messages: list[Outgoing] = [
        TriggeredMessage(name="kick", source="a"),
        ErrorMessage(code="bad_json", message="x"),
        TriggeredMessage(name="kick", source="a"),
        ErrorMessage(code="bad_json", message="x"),
    ]
    assert drained(*messages) == messages


def test_changes_of_one_source_become_one() -> None:
    assert drained(
        changed(1, "a", 10, smooth=0.1),
        changed(2, "a", 11, smooth=0.2, style_mix=0.5),
        changed(3, "a", None, learning_rate=0.3),
    ) == [changed(3, "a", 11, since=0, smooth=0.2, style_mix=0.5, learning_rate=0.3)]


def test_changes_of_two_sources_end_on_the_last_writer() -> None:
    assert drained(
        changed(1, "a", smooth=0.1, style_mix=0.1),
        changed(2, "b", smooth=0.2),
        changed(3, "a", style_mix=0.3),
    ) == [changed(2, "b", since=0, smooth=0.2), changed(3, "a", since=0, style_mix=0.3)]
    assert drained(changed(1, "a", smooth=0.1), changed(2, "b", smooth=0.2)) == [
        changed(2, "b", since=0, smooth=0.2)
    ]


def test_an_answer_that_is_awaited_is_never_lost() -> None:
    assert drained(changed(1, "a", 5, smooth=0.1), changed(2, "b", smooth=0.2)) == [
        changed(1, "a", 5),
        changed(2, "b", since=0, smooth=0.2),
    ]


def test_a_change_that_one_client_was_sent_is_still_merged_for_another() -> None:
    quick, slow = SendQueue(), SendQueue()
    first = changed(1, "a", smooth=0.1, style_mix=0.1)
    for queue in (quick, slow):
        queue.put(first)
    assert quick.pop() is first
    assert "style_mix" in first.text  # as it is sent
    slow.put(changed(2, "b", style_mix=0.2))
    left = slow.pop()
    assert left == changed(1, "a", smooth=0.1)
    assert "style_mix" not in left.text


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.dictionaries(st.sampled_from(["x", "y"]), st.floats(0, 1), min_size=1),
            st.none() | st.integers(0, 9),
            st.integers(0, 2),
        ),
        max_size=20,
    )
)
def test_who_takes_all_ends_on_all_values_and_never_sees_a_gap(
    moves: list[tuple[str, dict[str, float], int | None, int]],
) -> None:
    queue, wanted, seen, rev = SendQueue(), {}, {}, 0
    for number, (source, controls, seq, takes) in enumerate(moves, start=1):
        wanted |= controls
        queue.put(changed(number, source, seq, **controls))
        for _ in range(takes if number < len(moves) else 99):
            change = queue.pop()
            if isinstance(change, ChangedMessage):
                assert change.follows <= rev
                rev = max(rev, change.rev)
                seen |= change.controls
    assert seen == wanted
    assert rev == len(moves)


def test_an_epoch_never_overtakes_the_change_that_it_shows() -> None:
    assert drained(epoch(1), changed(1, "a", smooth=0.1), epoch(2)) == [
        changed(1, "a", smooth=0.1),
        epoch(2),
    ]


@pytest.mark.checklist(28)
def test_a_client_that_never_reads_costs_little() -> None:
    queue = SendQueue()
    for number in range(2_000):
        queue.put(epoch(number))
        queue.put(changed(number, f"client {number % 20}", **{f"control {number % 60}": 0.5}))
    assert len(queue) <= 61


async def test_get_waits_for_a_message() -> None:
    queue = SendQueue()
    waiting = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.put(epoch(1))
    assert await waiting == epoch(1)


async def test_a_client_is_read_again_once_it_has_read_its_answers() -> None:
    queue = SendQueue()
    for _ in range(BACKPRESSURE_AT):
        await asyncio.wait_for(queue.wait_for_room(), 1)
        queue.put(ErrorMessage(code="bad_json", message=""))
    waiting = asyncio.ensure_future(queue.wait_for_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.pop()
    await waiting


@pytest.mark.parametrize(("count", "overflowed"), [(MAX_PENDING, False), (MAX_PENDING + 1, True)])
def test_who_lets_too_much_pile_up_is_let_go(count: int, overflowed: bool) -> None:
    queue = SendQueue()
    for _ in range(count):
        queue.put(TriggeredMessage(name="kick", source="a"))
    assert queue.overflowed is overflowed
