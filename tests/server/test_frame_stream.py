import asyncio
import io
import json
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from styletune.ipc.frame_block import Frame
from styletune.server.frame_stream import (
    CLOSE_AFTER_S,
    PAUSE_AFTER_S,
    AckWindow,
    FrameStream,
    encode,
)


def frame(epoch: int, width: int = 30, height: int = 20) -> Frame:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = 255, 0, 0
    return Frame(
        epoch=epoch, step=epoch * 3, rev=epoch + 1, time=1.5, steps_per_s=1.0, picture=picture,
        terms={}, smooth=0.0, total=0.0,
    )  # fmt: skip


def test_a_message_is_length_head_and_jpeg() -> None:
    message = encode(frame(4)).message
    (size,) = struct.unpack("<I", message[:4])
    assert json.loads(message[4 : 4 + size]) == {
        "epoch": 4, "step": 12, "rev": 5, "width": 30, "height": 20, "time": 1.5,
    }  # fmt: skip
    with Image.open(io.BytesIO(message[4 + size :]), formats=("JPEG",)) as picture:
        assert picture.size == (30, 20)
        red, green, blue = picture.convert("RGB").getpixel((4, 10))  # type: ignore[misc]
    assert red > 240
    assert green < 20
    assert blue < 20


@pytest.mark.parametrize("size", [(1, 1), (333, 17), (512, 512)])
def test_any_size_can_be_encoded(size: tuple[int, int]) -> None:
    message = encode(frame(0, *size)).message
    (length,) = struct.unpack("<I", message[:4])
    assert Image.open(io.BytesIO(message[4 + length :])).size == size


def test_two_pictures_may_be_under_way() -> None:
    window = AckWindow()
    assert window.can_send(0)
    window.record_sent(1, 0)
    assert window.can_send(0)
    window.record_sent(2, 0)
    assert not window.can_send(0)
    assert window.acknowledge(1)
    assert window.can_send(0)


def test_a_drawn_picture_pays_for_those_before_it() -> None:
    window = AckWindow()
    window.record_sent(1, 0)
    window.record_sent(5, 0)
    assert window.acknowledge(5)
    assert window.deadline() is None
    assert not window.acknowledge(5)
    assert not window.acknowledge(1)


@pytest.mark.parametrize(
    ("now", "allowed"), [(PAUSE_AFTER_S - 0.01, True), (PAUSE_AFTER_S, False), (29, False)]
)
def test_silence_stops_the_pictures(now: float, allowed: bool) -> None:
    window = AckWindow()
    window.record_sent(1, 0)
    assert window.can_send(now) is allowed
    assert window.acknowledge(1)
    assert window.can_send(now)


def test_long_silence_ends_it_counted_from_the_oldest_picture() -> None:
    window = AckWindow()
    assert window.deadline() is None
    window.record_sent(1, 10)
    window.record_sent(2, 14)
    assert window.deadline() == 10 + CLOSE_AFTER_S
    window.acknowledge(1)
    assert window.deadline() == 14 + CLOSE_AFTER_S


async def test_a_picture_is_encoded_once_for_all_who_wait() -> None:
    with ThreadPoolExecutor(1) as executor:
        stream = FrameStream(executor)
        waiting = [asyncio.ensure_future(stream.next_after(-1)) for _ in range(10)]
        await asyncio.sleep(0)
        stream.put(frame(0))
        messages = await asyncio.gather(*waiting)
        assert len({id(message) for message in messages}) == 1
        assert (await stream.next_after(-1)) is messages[0]
        assert stream.encoded == 1


async def test_nothing_is_encoded_for_nobody() -> None:
    with ThreadPoolExecutor(1) as executor:
        stream = FrameStream(executor)
        for epoch in range(100):
            stream.put(frame(epoch))
        assert stream.encoded == 0
        assert (await stream.next_after(5)).epoch == 99


async def test_one_who_leaves_does_not_take_the_others_picture_along() -> None:
    with ThreadPoolExecutor(1) as executor:
        stream = FrameStream(executor)
        stream.put(frame(0))
        leaving = asyncio.ensure_future(stream.next_after(-1))
        staying = asyncio.ensure_future(stream.next_after(-1))
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await staying).epoch == 0
        assert stream.encoded == 1
