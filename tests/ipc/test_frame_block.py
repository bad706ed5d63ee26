"""The frame block: pictures and losses go through whole, and the heart beats beside them."""

import multiprocessing
import os
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.errors import MemoryBlockError
from styletune.ipc.frame_block import Frame, FrameBlock, FrameLayout, Term
from tests.support.processes import LAYERS, frame, same, write_frames

SIZE_PX = 64
PATIENCE_S = 60
NUMBERS = st.floats(allow_nan=False)
COUNTS = st.integers(-1, 2**63 - 1)
TERMS = st.tuples(*[st.builds(Term, NUMBERS, NUMBERS, NUMBERS, NUMBERS)] * len(LAYERS))


@pytest.fixture
def block():
    block = FrameBlock.create(LAYERS, SIZE_PX)
    yield block
    block.close()
    block.unlink()


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    pixels = draw(st.binary(min_size=3 * height * width, max_size=3 * height * width))
    return Frame(
        epoch=draw(COUNTS),
        step=draw(COUNTS),
        rev=draw(COUNTS),
        time=draw(NUMBERS),
        steps_per_s=draw(NUMBERS),
        picture=np.frombuffer(pixels, np.uint8).reshape(height, width, 3),
        terms={"content": draw(TERMS), "style": draw(TERMS)},
        smooth=draw(NUMBERS),
        total=draw(NUMBERS),
    )


@given(frames())
def test_any_frame_unpacks_as_it_was_packed(given_frame: Frame) -> None:
    layout = FrameLayout(LAYERS, 12)
    payload = np.concatenate(layout.pack(given_frame))
    assert payload.nbytes <= layout.slot_bytes
    assert same(layout.unpack(payload), given_frame)


def test_losses_that_are_not_finite_go_through_too() -> None:
    layout = FrameLayout(LAYERS, SIZE_PX)
    sick = Term(float("nan"), float("inf"), 0.0, 1.0)
    before = frame(1)
    packed = layout.pack(
        Frame(
            1,
            2,
            3,
            4.0,
            5.0,
            before.picture,
            before.terms | {"content": (sick, sick)},
            0.0,
            float("nan"),
        )
    )
    after = layout.unpack(np.concatenate(packed))
    assert np.isnan(after.terms["content"][0].raw)
    assert np.isnan(after.total)
    assert after.terms["content"][1].weight == float("inf")


def test_the_parent_reads_what_the_worker_published(block: FrameBlock) -> None:
    worker = FrameBlock.attach(block.name, LAYERS, SIZE_PX)
    assert block.read() is None
    for epoch, (width, height) in enumerate([(64, 48), (48, 64), (64, 64), (1, 64)]):
        worker.publish(frame(epoch, width, height))
        assert same(block.read(), frame(epoch, width, height))
    worker.close()


def test_only_newer_frames_are_read(block: FrameBlock) -> None:
    assert not block.has_newer()
    block.publish(frame(5))
    assert block.has_newer(4)
    assert block.read(4).epoch == 5
    assert not block.has_newer(5)
    assert block.read(5) is None
    block.publish(frame(6))
    block.publish(frame(7))
    assert block.read(5).epoch == 7


def test_a_read_picture_outlives_the_block_and_cannot_be_written_to() -> None:
    block = FrameBlock.create(LAYERS, SIZE_PX)
    block.publish(frame(9))
    kept = block.read()
    block.close()
    block.unlink()
    assert same(kept, frame(9))
    with pytest.raises(ValueError, match="read-only"):
        kept.picture[0, 0, 0] = 1


def test_a_picture_that_is_a_view_is_published_as_it_looks(block: FrameBlock) -> None:
    striped = frame(1, 64, 48).picture.copy()
    striped[:, ::2] = 9
    before = frame(1)
    block.publish(Frame(1, 1, 1, 1.0, 1.0, striped[::-1, ::2], before.terms, 0.0, 0.0))
    assert np.array_equal(block.read().picture, np.full((48, 32, 3), 9))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((65, 64, 3), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 64, 3), np.uint8),
    ],
    ids=["too high", "four channels", "grey", "float", "empty"],
)
def test_a_picture_that_does_not_fit_is_refused(block: FrameBlock, picture: np.ndarray) -> None:
    terms = frame(1).terms
    with pytest.raises(
        MemoryBlockError, match=r"uint8 \(h, w, 3\) with h and w in 1..64; received"
    ):
        block.publish(Frame(1, 1, 1, 1.0, 1.0, picture, terms, 0.0, 0.0))
    assert block.read() is None


def test_terms_must_be_one_for_each_layer(block: FrameBlock) -> None:
    good = frame(1)
    with pytest.raises(MemoryBlockError, match=r"style must have 2 terms.*received 1"):
        block.publish(
            Frame(
                1,
                1,
                1,
                1.0,
                1.0,
                good.picture,
                good.terms | {"style": good.terms["style"][:1]},
                0.0,
                0.0,
            )
        )


@pytest.mark.parametrize(
    ("layers", "size_px"), [(("block1_conv1", "block3_conv3"), SIZE_PX), (LAYERS, 65)]
)
def test_other_layers_or_another_size_are_refused(
    block: FrameBlock, layers: tuple[str, ...], size_px: int
) -> None:
    with pytest.raises(MemoryBlockError, match="laid out otherwise"):
        FrameBlock.attach(block.name, layers, size_px)


def test_the_heart_has_not_beaten_at_first_then_says_when_and_at_which_step(
    block: FrameBlock,
) -> None:
    assert block.read_heartbeat() == (0.0, 0)
    before = time.monotonic()
    block.write_heartbeat(41)
    block.write_heartbeat(42)
    at_s, step = block.read_heartbeat()
    assert step == 42
    assert before - 1e-6 <= at_s <= time.monotonic()
    block.publish(frame(1))
    assert block.read_heartbeat() == (at_s, 42)


@pytest.mark.checklist(34)
def test_no_frame_is_torn_while_another_process_writes_at_full_speed() -> None:
    size_px = 256
    block = FrameBlock.create(LAYERS, size_px)
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    process = spawn.Process(target=write_frames, args=(block.name, size_px, far))
    process.start()
    try:
        while not block.has_newer():
            time.sleep(0.01)
        epochs = []
        started = time.monotonic()
        while time.monotonic() < started + 2 or len(set(epochs)) <= 10:
            assert time.monotonic() < started + PATIENCE_S
            seen = block.read()
            if seen is None:  # overtaken eight times: the reader keeps what it has
                continue
            assert same(seen, frame(seen.epoch, size_px, size_px))
            epochs.append(seen.epoch)
        near.send("stop")
        written = near.recv()
        last = block.read()
    finally:
        process.kill()
        process.join()
        near.close()
        block.close()
        block.unlink()
    assert epochs == sorted(epochs)
    assert last.epoch == written


@pytest.mark.checklist(34)
def test_of_very_many_reads_none_is_torn() -> None:
    """20,000 reads; STYLETUNE_READS=1000000 for a million, which takes some minutes."""
    size_px = 64
    block = FrameBlock.create(LAYERS, size_px)
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    process = spawn.Process(target=write_frames, args=(block.name, size_px, far))
    process.start()
    epochs: set[int] = set()
    try:
        while not block.has_newer():
            time.sleep(0.01)
        left, until = int(os.environ.get("STYLETUNE_READS", "20000")), time.monotonic() + PATIENCE_S
        while left > 0 or len(epochs) <= 10:
            assert left > 0 or time.monotonic() < until
            left -= 1
            seen = block.read()
            if seen is None:
                continue
            # Cheaper than `same`, so that the reader is as fast as it can be.
            assert seen.picture.min() == seen.picture.max() == seen.epoch % 251
            assert (seen.step, seen.total) == (7 * seen.epoch, seen.epoch / 7)
            epochs.add(seen.epoch)
    finally:
        process.kill()
        process.join()
        near.close()
        block.close()
        block.unlink()
