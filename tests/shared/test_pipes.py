"""Pipes that stop nobody."""

import multiprocessing
from multiprocessing.connection import Connection

from styletune.shared import pipes


def pair() -> tuple[Connection, Connection]:
    return multiprocessing.get_context("spawn").Pipe(duplex=True)  # type: ignore[return-value]


def test_what_was_offered_arrives_in_its_order() -> None:
    near, far = pair()
    assert not pipes.readable(far)
    assert pipes.offer(near, 1)
    assert pipes.offer(near, 2)
    assert pipes.readable(far)
    assert [far.recv(), far.recv()] == [1, 2]


def test_a_reader_that_reads_nothing_stops_nobody() -> None:
    near, far = pair()
    sent = 0
    while pipes.offer(near, "x" * 200):
        sent += 1
        assert sent < 100_000
    while pipes.readable(far):
        far.recv()
        sent -= 1
    assert sent == 0  # nothing was left out that was said to be sent
    assert pipes.offer(near, "again")


def test_an_offer_to_nobody_is_done_with() -> None:
    near, far = pair()
    far.close()
    assert pipes.offer(near, 1)
    assert pipes.readable(near)  # its end
