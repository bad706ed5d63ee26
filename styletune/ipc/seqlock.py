"""A triple buffer in shared memory: one process writes, another reads, and neither waits.

Source: the sequence locks of the Linux kernel (Documentation/locking/seqlock.rst).
"""

import hashlib
import struct
import zlib
from multiprocessing.shared_memory import SharedMemory
from typing import Self

import numpy as np
import numpy.typing as npt

from styletune.errors import MemoryBlockError
from styletune.ipc.segments import attach, create, unlink

# The writer fills the slot after the newest; the reader copies the newest, which stays untouched
# while the next two are written. Each slot has a sequence number, odd while it is written, and a
# CRC-32 of its payload for processors that reorder stores. There is no lock, since a killed holder
# would block the other process for ever.
#
# Differs from the kernel: three slots rather than one, so that a reader is hardly ever overtaken,
# and a checksum in place of memory barriers, which Python does not have.
#
# Layout, on lines of 64 bytes, so that the two processes do not share a cache line:
#
#   0       magic, version, bytes a slot, SHA-256 of the layout
#   1       number of the newest write (0: never written)
#   2..4    of each slot: sequence, tag, length of the payload, CRC-32
#   5       extra, for the owner of the buffer
#   6..     three payloads, each from a new line

VERSION = 1
COUNT = 3
# Reads before a reader gives up. One is nearly always enough; eight failures mean a writer that
# died in the middle of a write, or a fault.
TRIES = 8

_MAGIC = b"STYLTUNE"
_LINE = 64
_HEADER = struct.Struct("=8sQQ32s")  # magic, version, bytes a slot, digest
_NEWEST_LINE, _FIRST_SLOT_LINE, _EXTRA_LINE, _PAYLOAD_LINE = 1, 2, 5, 6
_SEQUENCE, _TAG, _LENGTH, _CRC = range(4)  # numbers on the line of a slot

Bytes = npt.NDArray[np.uint8]


def _lines(size: int) -> int:
    return -(-size // _LINE)


class TripleBuffer:
    """Three slots of at most `slot_bytes` each; `create` in the parent, `attach` in the worker.

    Either process may write, but only one of them, and only one thread of it.

    Attributes:
        name: of the shared memory segment.
        extra: eight integers for the owner of the buffer, int64 (8,), each read and written by
            itself.
        failures: how many reads were given up after `TRIES`.
    """

    def __init__(self, segment: SharedMemory, slot_bytes: int) -> None:
        self.name = segment.name
        self.failures = 0
        self._segment = segment
        stride = _lines(slot_bytes) * _LINE
        self._slot_bytes = slot_bytes
        buffer = _memory(segment)
        # One aligned store of eight bytes each: seen whole by the other process.
        numbers = np.ndarray((_PAYLOAD_LINE, _LINE // 8), np.int64, buffer)
        self._newest = numbers[_NEWEST_LINE]
        self._slots = numbers[_FIRST_SLOT_LINE : _FIRST_SLOT_LINE + COUNT]
        self.extra = numbers[_EXTRA_LINE]
        self._payloads: Bytes = np.ndarray(
            (COUNT, stride), np.uint8, buffer, offset=_PAYLOAD_LINE * _LINE
        )

    @classmethod
    def create(cls, purpose: str, slot_bytes: int, layout: str) -> Self:
        """Create the segment; `layout` describes the payload in words that both sides derive.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        segment = create(purpose, _size(slot_bytes))
        _HEADER.pack_into(_memory(segment), 0, _MAGIC, VERSION, slot_bytes, _digest(layout))
        return cls(segment, slot_bytes)

    @classmethod
    def attach(cls, name: str, slot_bytes: int, layout: str) -> Self:
        """Attach the segment that the parent created for the same layout.

        Raises:
            MemoryBlockError: there is none of that name, or it is laid out otherwise.
        """
        segment = attach(name)
        try:
            _check(segment, slot_bytes, layout)
        except MemoryBlockError:
            segment.close()
            raise
        return cls(segment, slot_bytes)

    def write(self, *parts: Bytes, tag: int = 0) -> None:
        """Write `parts`, uint8 each, one after the other, as the newest payload, with a `tag`.

        Raises:
            MemoryBlockError: they are larger than a slot.
        """
        length = sum(part.nbytes for part in parts)
        if length > self._slot_bytes:
            raise MemoryBlockError(
                f"a payload for `{self.name}` must be at most {self._slot_bytes} bytes; "
                f"received {length}"
            )
        number = int(self._newest[0]) + 1
        slot, payload = self._slots[number % COUNT], self._payloads[number % COUNT]
        slot[_SEQUENCE] = 2 * number - 1
        crc, start = _seed(number), 0
        for part in parts:
            payload[start : start + part.nbytes] = part
            crc = zlib.crc32(part.data, crc)
            start += part.nbytes
        slot[_TAG] = tag
        slot[_LENGTH] = length
        slot[_CRC] = crc
        slot[_SEQUENCE] = 2 * number
        self._newest[0] = number  # last: from here on readers use this slot

    @property
    def number(self) -> int:
        """Number of the newest write, 0 before the first; costs next to nothing."""
        return int(self._newest[0])

    def tag(self) -> int | None:
        """The tag of the newest payload, None before the first write; copies nothing.

        A hint: it may be that of a still newer write than `read` returns.
        """
        number = int(self._newest[0])
        return int(self._slots[number % COUNT, _TAG]) if number else None

    def read(self) -> Bytes | None:
        """A copy of the newest payload, uint8; None: never written, or `TRIES` reads failed."""
        for _ in range(TRIES):
            number = int(self._newest[0])
            if number == 0:
                return None
            slot, payload = self._slots[number % COUNT], self._payloads[number % COUNT]
            if slot[_SEQUENCE] != 2 * number:
                continue
            length, crc = int(slot[_LENGTH]), int(slot[_CRC])
            copy: Bytes = payload[:length].copy()
            if slot[_SEQUENCE] == 2 * number and zlib.crc32(copy.data, _seed(number)) == crc:
                return copy
        self.failures += 1
        return None

    def corrupt(self) -> None:
        """Change every byte of the newest payload, but not its checksum; for tests of faults."""
        number = int(self._newest[0])
        length = int(self._slots[number % COUNT, _LENGTH])
        self._payloads[number % COUNT, :length] ^= 0xFF

    def close(self) -> None:
        """Release the memory; the buffer cannot be used after this. May be repeated."""
        # The views first: a segment with views of it left cannot be closed.
        for view in ("_newest", "_slots", "_payloads", "extra"):
            self.__dict__.pop(view, None)
        self._segment.close()

    def unlink(self) -> None:
        """Remove the segment. Only for its creator, after the other process has exited."""
        unlink(self._segment)

    def __del__(self) -> None:
        """Close: a process that exits without it would print that views are left."""
        if "_segment" in self.__dict__:
            self.close()


def _memory(segment: SharedMemory) -> memoryview:
    assert segment.buf is not None, "the segment is closed"
    return segment.buf


def _size(slot_bytes: int) -> int:
    return (_PAYLOAD_LINE + COUNT * _lines(slot_bytes)) * _LINE


def _seed(number: int) -> int:
    """Start of the checksum: with the write's number an old payload never matches a new one."""
    return number & 0xFFFFFFFF


def _digest(layout: str) -> bytes:
    return hashlib.sha256(layout.encode()).digest()


def _check(segment: SharedMemory, slot_bytes: int, layout: str) -> None:
    if segment.size < _HEADER.size:
        raise MemoryBlockError(
            f"shared memory `{segment.name}` must hold at least {_HEADER.size} bytes; "
            f"received {segment.size}"
        )
    magic, version, size, digest = _HEADER.unpack_from(_memory(segment), 0)
    for what, expected, received in (
        ("magic number", _MAGIC, magic),
        ("version", VERSION, version),
        ("bytes a slot", slot_bytes, size),
        ("layout", _digest(layout).hex()[:16], digest.hex()[:16]),
        ("size", _size(slot_bytes), segment.size),
    ):
        if expected != received:
            raise MemoryBlockError(
                f"shared memory `{segment.name}` is laid out otherwise: {what} must be "
                f"{expected!r}; received {received!r}; both processes need the same styletune "
                f"and the same session"
            )
