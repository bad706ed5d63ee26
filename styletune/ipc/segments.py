"""Segments of shared memory: create, attach, unlink, and remove those of killed processes.

Only the worker's parent creates them, and only its spawned children attach: on Python 3.12 and
earlier the resource tracker of any other process would destroy a segment when that exits.
"""

import errno
import hashlib
import os
import re
import secrets
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from styletune.errors import MemoryBlockError
from styletune.safe_path import safe_path

# A name is `styletune-<namespace>-<pid>-<random>-<purpose>`: it tells whose segment it is.
PREFIX = "styletune"
# Linux only: there a segment is a file that room can be reserved for.
FOLDER = Path("/dev/shm")
_NAME = re.compile(rf"{PREFIX}-(?P<namespace>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-.*")


def namespace_id() -> str:
    """Eight hex digits of this boot and this process namespace.

    A pid is valid only within both: containers that share `/dev/shm` do not share pids, and must
    not take each other's live segments for stale ones.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    pids = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{boot} {pids}".encode()).hexdigest()[:8]


def temp_prefix() -> str:
    """How names of segments and temporary folders begin: what tells whose they are."""
    return f"{PREFIX}-{namespace_id()}-{os.getpid()}-"


def create(purpose: str, size: int) -> SharedMemory:
    """Create a segment of `size` zero bytes whose memory is reserved.

    Raises:
        MemoryBlockError: no room; nothing is left behind.
    """
    name = f"{temp_prefix()}{secrets.token_hex(4)}-{purpose}"
    path = FOLDER / name
    try:
        # Reserved before it is mapped: otherwise a segment too large for the file system is
        # created without an error, and kills the process that first touches the gap.
        _reserve(path, size)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.ENOMEM, errno.EFBIG, errno.EDQUOT):
            raise MemoryBlockError(_no_room(purpose, size)) from None
        raise MemoryBlockError(
            f"shared memory `{purpose}` cannot be made in {FOLDER}: {error.strerror}"
        ) from None
    with safe_path():  # for the resource tracker, a process that Python starts for the first one
        return SharedMemory(name)


def attach(name: str) -> SharedMemory:
    """Attach a segment that the parent created. Only for its spawned children.

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
        # Removed by hand. `SharedMemory` then does not unregister it from the resource tracker,
        # which would warn of a leak at exit.
        resource_tracker.unregister(f"/{segment.name}", "shared_memory")


def _reserve(path: Path, size: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        if size > _available():  # first, as reserving in vain would take all there is
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
    # Twice what is needed, in whole 64 MB, leaves room for the other block and for others.
    advised = (2 * size // (64 << 20) + 1) * 64
    return (
        f"no room in shared memory for the {purpose} block: needed {size / 1e6:,.1f} MB, "
        f"available {available / 1e6:,.1f} MB in {FOLDER}; choose a smaller size, or in Docker "
        f"start with `docker run --shm-size={advised}m` (the default is 64 MB)"
    )


def remove_stale_segments() -> int:
    """Remove the segments of dead processes and return how many there were.

    A process group that is killed leaves its segments behind, resource tracker and all. Those of
    live processes, of other users and of other containers (see `namespace_id`) stay.
    """
    if not FOLDER.is_dir():
        return 0
    removed = 0
    for path in FOLDER.glob(f"{PREFIX}-{namespace_id()}-*"):
        match = _NAME.fullmatch(path.name)
        if match is None or is_alive(int(match["pid"])):
            continue
        try:
            path.unlink()
        except OSError:  # another user's, or just removed by another process
            continue
        removed += 1
    return removed


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number in this namespace."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's, but alive
        return True
    return True
