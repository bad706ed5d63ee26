"""Plain messages are read as the general parser reads them, and the rest is handed on to it."""

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from styletune.server.text_frames import TextFrames

MAX_BYTES = 300

payloads = st.one_of(
    st.text(max_size=200).map(str.encode),
    st.binary(max_size=MAX_BYTES + 2),
    st.sampled_from([b"", b"x" * 125, b"x" * 126, b"x" * MAX_BYTES, b"x" * (MAX_BYTES + 1)]),
)
plain = st.builds(
    lambda payload: Frame(Opcode.TEXT, payload).serialize(mask=True),
    st.text(max_size=200).map(str.encode),
)
text = st.builds(lambda payload: Frame(Opcode.TEXT, payload).serialize(mask=True), payloads)
control = st.builds(
    lambda opcode, payload: Frame(opcode, payload).serialize(mask=True),
    st.sampled_from([Opcode.PING, Opcode.PONG]),
    st.binary(max_size=125),
)
other = st.one_of(
    st.builds(
        lambda opcode, payload, fin, mask: Frame(opcode, payload, fin=fin).serialize(mask=mask),
        st.sampled_from([Opcode.TEXT, Opcode.CONT, Opcode.BINARY]),
        payloads, st.booleans(), st.booleans(),
    ),
    st.just(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)),
    st.binary(max_size=20),
)  # fmt: skip


def parser() -> ServerProtocol:
    return ServerProtocol(state=State.OPEN, max_size=MAX_BYTES)


def heard(protocol: ServerProtocol) -> list[Frame | str]:
    """Frames; a whole text that is UTF-8 as what it says."""
    found: list[Frame | str] = []
    for event in protocol.events_received():
        assert isinstance(event, Frame)
        try:
            whole = event.opcode is Opcode.TEXT and event.fin
            found.append(bytes(event.data).decode() if whole else event)
        except UnicodeDecodeError:
            found.append(event)
    return found


def pieces(data: bytes, seed: int) -> list[bytes]:
    """`data` cut anywhere."""
    chance = random.Random(seed)
    at = sorted(chance.sample(range(len(data) + 1), chance.randint(0, min(9, len(data)))))
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]


@settings(max_examples=400)
@given(st.lists(st.one_of(plain, text, control, other), max_size=6), st.integers(0, 2**32))
def test_it_is_as_if_the_parser_had_read_everything(frames: list[bytes], seed: int) -> None:
    data = b"".join(frames)
    alone = parser()
    alone.receive_data(data)

    texts, behind = TextFrames(MAX_BYTES), parser()
    found: list[Frame | str] = []
    for piece in pieces(data, seed):
        for item in texts.read(piece):
            if isinstance(item, str):
                found.append(item)
            else:
                behind.receive_data(item)
                found += heard(behind)
    assert found == heard(alone)
    assert repr(behind.parser_exc) == repr(alone.parser_exc)
    assert behind.data_to_send() == alone.data_to_send()


def test_plain_messages_do_not_reach_the_parser() -> None:
    texts = [f"{{{n}}}" * n for n in range(1, 80)]
    data = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in texts)
    assert list(TextFrames(65_536).read(data)) == texts


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 65_535])
def test_each_byte_is_unmasked(size: int) -> None:
    payload = bytes(byte & 0x7F for byte in os.urandom(size))
    data = Frame(Opcode.TEXT, payload).serialize(mask=True)
    assert list(TextFrames(65_536).read(data)) == [payload.decode()]


def test_who_has_given_up_hands_everything_on_as_it_comes() -> None:
    texts = TextFrames(65_536)
    texts.give_up()
    data = Frame(Opcode.TEXT, b"text").serialize(mask=True)
    assert [*texts.read(data[:3]), *texts.read(data[3:])] == [data[:3], data[3:]]
