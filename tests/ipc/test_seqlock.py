"""Three slots: what a reader sees, whatever the writer was doing."""

import numpy as np
import pytest

from styletune.errors import MemoryBlockError
from styletune.ipc import segments
from styletune.ipc.seqlock import COUNT, Bytes, TripleBuffer


def data(*values: int) -> Bytes:
    return np.array(values, np.uint8)


@pytest.fixture
def slots():
    slots = TripleBuffer.create("test", 100, "layout")
    yield slots
    slots.close()
    slots.unlink()


def test_nothing_is_read_before_the_first_write(slots: TripleBuffer) -> None:
    assert slots.read() is None
    assert slots.tag() is None
    assert slots.failures == 0


def test_the_newest_write_is_read_round_and_round_the_slots(slots: TripleBuffer) -> None:
    for value in range(1, 3 * COUNT + 2):
        slots.write(data(value, value), data(value), tag=value)
        assert slots.tag() == value
        assert slots.read().tolist() == [value] * 3


def test_payloads_may_differ_in_length_and_be_empty(slots: TripleBuffer) -> None:
    for length in (100, 0, 1, 64, 65):
        slots.write(np.full(length, 7, np.uint8))
        assert slots.read().tolist() == [7] * length


def test_what_was_read_is_a_copy(slots: TripleBuffer) -> None:
    slots.write(data(1))
    copy = slots.read()
    for _ in range(COUNT):
        slots.write(data(2))
    assert copy.tolist() == [1]


def test_a_payload_that_is_too_long_is_refused(slots: TripleBuffer) -> None:
    with pytest.raises(MemoryBlockError, match=r"at most 100 bytes; received 101"):
        slots.write(np.zeros(101, np.uint8))
    assert slots.read() is None


def test_the_other_side_reads_what_one_side_writes(slots: TripleBuffer) -> None:
    other = TripleBuffer.attach(slots.name, 100, "layout")
    slots.write(data(5), tag=9)
    assert other.read().tolist() == [5]
    assert other.tag() == 9
    slots.extra[3] = 12
    assert other.extra[3] == 12
    other.close()


def test_sequences_lie_on_lines_of_their_own(slots: TripleBuffer) -> None:
    addresses = [slots._newest.ctypes.data, slots.extra.ctypes.data]
    addresses += [row.ctypes.data for row in slots._slots]
    addresses += [row.ctypes.data for row in slots._payloads]
    assert all(address % 64 == 0 for address in addresses)
    assert len({address // 64 for address in addresses}) == len(addresses)


def test_a_writer_that_died_in_the_middle_leaves_the_newest_readable(slots: TripleBuffer) -> None:
    slots.write(data(1))
    slots.write(data(2))
    slots._slots[3 % COUNT, 0] = 2 * 3 - 1  # the third write began …
    slots._payloads[3 % COUNT, :5] = 99  # … and got so far
    assert slots.read().tolist() == [2]
    successor = TripleBuffer.attach(slots.name, 100, "layout")
    successor.write(data(3))
    assert slots.read().tolist() == [3]
    successor.close()


@pytest.mark.parametrize("number", [0, 2, 3], ids=["sequence", "length", "crc"])
def test_a_slot_that_does_not_fit_its_numbers_is_not_read(slots: TripleBuffer, number: int) -> None:
    slots.write(data(1, 2, 3))
    slots._slots[1, number] += 1
    assert slots.read() is None
    assert slots.failures == 1


def test_a_changed_payload_is_not_read(slots: TripleBuffer) -> None:
    slots.write(data(1, 2, 3))
    slots._payloads[1, 2] = 4
    assert slots.read() is None


def test_a_garbled_payload_is_not_read_and_the_next_write_is(slots: TripleBuffer) -> None:
    slots.write(data(1, 2, 3))
    slots.corrupt()
    assert slots.read() is None
    slots.write(data(4))
    assert slots.read().tolist() == [4]


def test_an_older_whole_payload_does_not_pass_for_a_newer_one(slots: TripleBuffer) -> None:
    # What a processor that reorders stores could show: new numbers, old payload and CRC.
    slots.write(data(1))
    old = int(slots._slots[1, 3])
    for value in (1, 1, 1):
        slots.write(data(value))
    assert slots._slots[1, 3] != old  # the same payload has another checksum in each write


def test_another_layout_is_refused(slots: TripleBuffer) -> None:
    with pytest.raises(
        MemoryBlockError, match=r"laid out otherwise: layout must be .*same session"
    ):
        TripleBuffer.attach(slots.name, 100, "layout 2")


def test_another_slot_size_is_refused(slots: TripleBuffer) -> None:
    with pytest.raises(MemoryBlockError, match=r"bytes a slot must be 101; received 100"):
        TripleBuffer.attach(slots.name, 101, "layout")


@pytest.mark.parametrize(
    ("offset", "what"), [(0, "magic number must be"), (8, "version must be 1; received")]
)
def test_a_segment_of_another_program_or_version_is_refused(
    slots: TripleBuffer, offset: int, what: str
) -> None:
    slots._segment.buf[offset] ^= 0xFF
    with pytest.raises(MemoryBlockError, match=what):
        TripleBuffer.attach(slots.name, 100, "layout")


def test_a_cut_segment_is_refused() -> None:
    segment = segments.create("test", 10)
    with pytest.raises(MemoryBlockError, match="must hold at least 56 bytes; received 10"):
        TripleBuffer.attach(segment.name, 100, "layout")
    segment.close()
    segments.unlink(segment)


def test_a_segment_that_is_not_there_is_named() -> None:
    with pytest.raises(MemoryBlockError, match=r"no shared memory `styletune-gone`"):
        TripleBuffer.attach("styletune-gone", 100, "layout")


def test_closing_twice_is_fine(slots: TripleBuffer) -> None:
    slots.close()
    slots.close()
