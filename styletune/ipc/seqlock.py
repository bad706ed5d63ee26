"""Three slots in shared memory: one process writes, another reads, and nobody waits.

The writer fills the slot after the newest; the reader copies the newest, which stays
untouched while the next two are written. Each slot has a sequence number, odd while it is
being written, and a CRC-32 of its payload for processors that reorder stores. There is no
lock, since a killed holder would block the other process for ever. Knows nothing about
what the payload means.

Layout, on lines of 64 bytes, so that the two processes do not fight for a cache line::

    0       magic, version, bytes a slot, SHA-256 of the layout
    1       number of the newest write (0: never written)
    2..4    of each slot: sequence, tag, length of the payload, CRC-32
    5       spare, for the owner of the slots
    6..     three payloads, each from a new line

Source: the sequence locks of the Linux kernel (Documentation/locking/seqlock.rst).
Differs from them: three slots rather than one, so that a reader is hardly ever overtaken,
and a checksum in place of memory barriers, which Python does not have.
"""

import errno
import hashlib
import os
import re
import secrets
import struct
import zlib
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from styletune.errors import MemoryBlockError

# Segments of shared memory: their names, how one is made, attached and removed.
#
# A name is `styletune-<world>-<pid>-<random>-<purpose>`; world and pid tell whose it is, so
# that `leftovers` can sweep up after killed processes. Only the worker's parent makes
# segments, and only its spawned children attach: on Python 3.12 and earlier any other
# process that attaches destroys the segment when it exits, since its own resource tracker
# takes it for its own. Knows nothing about what lies in a segment.
#
# Linux only, since only there a segment is a file that room can be reserved for.


FOLDER = Path("/dev/shm")
PREFIX = "styletune"


def namespace_id() -> str:
    """Eight hex digits of this boot and this process namespace.

    A pid means something only within both: containers that share `/dev/shm` do not share
    pids, and must not take each other's live segments for leftovers.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    pids = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{boot} {pids}".encode()).hexdigest()[:8]


def create(purpose: str, size: int) -> SharedMemory:
    """Make a segment of `size` zero bytes that is sure to have its memory.

    Raises:
        MemoryBlockError: no room; nothing is left behind.
    """
    name = f"{PREFIX}-{namespace_id()}-{os.getpid()}-{secrets.token_hex(4)}-{purpose}"
    path = FOLDER / name
    try:
        # Reserved before it is mapped: a segment too large for the file system is made
        # without complaint otherwise, and kills the process that first touches the gap.
        _reserve(path, size)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.ENOMEM, errno.EFBIG, errno.EDQUOT):
            raise MemoryBlockError(_no_room(purpose, size)) from None
        raise MemoryBlockError(
            f"shared memory `{purpose}` cannot be made in {FOLDER}: {error.strerror}"
        ) from None
    return SharedMemory(name)


def attach(name: str) -> SharedMemory:
    """Attach a segment that the parent made. Only for its spawned children.

    Raises:
        MemoryBlockError: there is none of that name.
    """
    try:
        return SharedMemory(name)
    except (FileNotFoundError, ValueError):
        raise MemoryBlockError(
            f"no shared memory `{name}`: the process that made it has ended"
        ) from None


def unlink(segment: SharedMemory) -> None:
    """Remove a segment's name; its memory goes when the last process has closed it."""
    try:
        segment.unlink()
    except FileNotFoundError:
        # Removed by hand. `SharedMemory` then does not tell the resource tracker, which
        # would complain of a leak at the end.
        resource_tracker.unregister(f"/{segment.name}", "shared_memory")


def _reserve(path: Path, size: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        if size > _available():  # asked first: reserving in vain would take all there is
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def _available() -> int:
    """Free bytes in the file system of shared memory."""
    status = os.statvfs(FOLDER)
    return status.f_bavail * status.f_frsize


def _no_room(purpose: str, size: int) -> str:
    available = _available()
    # Double of what is needed, in whole 64 MB, leaves room for the other block and for others.
    advised = (2 * size // (64 << 20) + 1) * 64
    return (
        f"no room in shared memory for the {purpose} block: needed {size / 1e6:,.1f} MB, "
        f"available {available / 1e6:,.1f} MB in {FOLDER}; choose a smaller size, or in Docker "
        f"start with `docker run --shm-size={advised}m` (the default is 64 MB)"
    )


VERSION = 1
COUNT = 3
# How often a reader begins again before it keeps what it has. One try nearly always does;
# eight in vain mean a writer that died in the middle, or something wrong.
TRIES = 8

_MAGIC = b"STYLTUNE"
_LINE = 64
_HEADER = struct.Struct("=8sQQ32s")  # magic, version, bytes a slot, digest
_NEWEST_LINE, _FIRST_SLOT_LINE, _SPARE_LINE, _PAYLOAD_LINE = 1, 2, 5, 6
_SEQUENCE, _TAG, _LENGTH, _CRC = range(4)  # numbers on the line of a slot

Bytes = npt.NDArray[np.uint8]


def _lines(size: int) -> int:
    return -(-size // _LINE)


class TripleBuffer:
    """Three slots of at most `slot_bytes` each; `create` in the parent, `attach` in the worker.

    Either process may be the one that writes, but only one of them, and one thread of it.

    Attributes:
        name: of the shared memory segment.
        spare: eight integers on a line of their own, free for the owner of the slots, for
            values that need not go together with each other.
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
        self.spare = numbers[_SPARE_LINE]
        self._payloads: Bytes = np.ndarray(
            (COUNT, stride), np.uint8, buffer, offset=_PAYLOAD_LINE * _LINE
        )

    @classmethod
    def create(cls, purpose: str, slot_bytes: int, layout: str) -> Self:
        """Make the segment; `layout` describes the payload in words that both sides derive.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        segment = create(purpose, _size(slot_bytes))
        _HEADER.pack_into(_memory(segment), 0, _MAGIC, VERSION, slot_bytes, _digest(layout))
        return cls(segment, slot_bytes)

    @classmethod
    def attach(cls, name: str, slot_bytes: int, layout: str) -> Self:
        """Attach the segment that the parent made for the same layout.

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
        """Make `parts`, one after the other, the newest payload, with a number beside it."""
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
        self._newest[0] = number  # last: from here on readers look into this slot

    @property
    def number(self) -> int:
        """Number of the newest write, 0 before the first: a look that costs next to nothing."""
        return int(self._newest[0])

    def tag(self) -> int | None:
        """The number beside the newest payload, None when never written; costs no copy.

        A hint: it may be that of a still newer write than `read` returns.
        """
        number = int(self._newest[0])
        return int(self._slots[number % COUNT, _TAG]) if number else None

    def read(self) -> Bytes | None:
        """A copy of the newest payload, or None: never written, or `TRIES` reads failed."""
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

    def garble(self) -> None:
        """Change every byte of the newest payload behind the back of its checksum; for trials."""
        number = int(self._newest[0])
        length = int(self._slots[number % COUNT, _LENGTH])
        self._payloads[number % COUNT, :length] ^= 0xFF

    def close(self) -> None:
        """Let go of the memory; the slots cannot be used after this. May be repeated."""
        # The views first: a segment with views of it left cannot be closed.
        for view in ("_newest", "_slots", "_payloads", "spare"):
            self.__dict__.pop(view, None)
        self._segment.close()

    def unlink(self) -> None:
        """Remove the segment. Only for its creator, after the other process has ended."""
        unlink(self._segment)

    def __del__(self) -> None:
        """Close: a process that ends without it would print that views are left."""
        if "_segment" in self.__dict__:
            self.close()


def _memory(segment: SharedMemory) -> memoryview:
    assert segment.buf is not None, "the segment is closed"
    return segment.buf


def _size(slot_bytes: int) -> int:
    return (_PAYLOAD_LINE + COUNT * _lines(slot_bytes)) * _LINE


def _seed(number: int) -> int:
    """Starts the checksum with the write's number: an old payload never fits a new one's."""
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


# What killed processes left in shared memory, swept at the next start.
#
# A group killed outright leaves its segments behind, resource tracker and all. Their names
# say which process made them. Knows nothing about what lies in a segment.


_NAME = re.compile(rf"{PREFIX}-(?P<world>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-.*")


def remove_stale_segments() -> int:
    """Remove the segments of dead processes and return how many there were.

    Leaves alone what live processes made, what belongs to other users, and what was made
    in another container (see `segments.world`).
    """
    if not FOLDER.is_dir():
        return 0
    world = namespace_id()
    swept = 0
    for path in FOLDER.glob(f"{PREFIX}-{world}-*"):
        match = _NAME.fullmatch(path.name)
        if match is None or is_alive(int(match["pid"])):
            continue
        try:
            path.unlink()
        except OSError:  # another user's, or swept by another process just now
            continue
        swept += 1
    return swept


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number in this namespace."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True
