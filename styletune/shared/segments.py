"""Segments of shared memory: their names, how one is made, attached and removed.

A name is `styletune-<world>-<pid>-<random>-<purpose>`; world and pid tell whose it is, so
that `leftovers` can sweep up after killed processes. Only the worker's parent makes
segments, and only its spawned children attach: on Python 3.12 and earlier any other
process that attaches destroys the segment when it exits, since its own resource tracker
takes it for its own. Knows nothing about what lies in a segment.

Linux only, since only there a segment is a file that room can be reserved for.
"""

import errno
import hashlib
import os
import secrets
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from styletune.errors import MemoryBlockError

FOLDER = Path("/dev/shm")
PREFIX = "styletune"


def world() -> str:
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
    name = f"{PREFIX}-{world()}-{os.getpid()}-{secrets.token_hex(4)}-{purpose}"
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
