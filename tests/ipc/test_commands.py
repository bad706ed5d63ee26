"""Orders and reports go through a pipe."""

import multiprocessing
import pickle
from multiprocessing.connection import Connection

import pytest

from styletune.config import SessionConfig
from styletune.ipc import commands
from styletune.ipc.commands import (
    CommandRejected,
    Report,
    SetContent,
    SetStyle,
    State,
    Stop,
    WorkerConfig,
)


@pytest.mark.parametrize(
    "thing",
    [
        WorkerConfig(SessionConfig(), "control", "frame", 256, first_epoch=3, first_step=4),
        SetContent("/a.png"),
        SetStyle(1, "/b.png"),
        Stop(),
        Report(State.ROLLING_BACK, "not finite", width=3),
        CommandRejected("style 2", "no picture", "/b.png"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_it_pickles(thing: object) -> None:
    assert pickle.loads(pickle.dumps(thing)) == thing


def test_people_count_styles_from_one() -> None:
    assert SetStyle(0, "x").label == "style 1"
    assert SetContent("x").label == "content"


def test_states_are_the_words_that_people_see() -> None:
    assert [state.value for state in State] == [
        "starting", "compiling", "running", "paused", "rolling back", "restarting", "failed",
    ]  # fmt: skip


# Pipes that stop nobody.


def pair() -> tuple[Connection, Connection]:
    return multiprocessing.get_context("spawn").Pipe(duplex=True)  # type: ignore[return-value]


def test_what_was_offered_arrives_in_its_order() -> None:
    near, far = pair()
    assert not commands.has_message(far)
    assert commands.try_send(near, 1)
    assert commands.try_send(near, 2)
    assert commands.has_message(far)
    assert [far.recv(), far.recv()] == [1, 2]


def test_a_reader_that_reads_nothing_stops_nobody() -> None:
    near, far = pair()
    sent = 0
    while commands.try_send(near, "x" * 200):
        sent += 1
        assert sent < 100_000
    while commands.has_message(far):
        far.recv()
        sent -= 1
    assert sent == 0  # nothing was left out that was said to be sent
    assert commands.try_send(near, "again")


def test_an_offer_to_nobody_is_done_with() -> None:
    near, far = pair()
    far.close()
    assert commands.try_send(near, 1)
    assert commands.has_message(near)  # its end
