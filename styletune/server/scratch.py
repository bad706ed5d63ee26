"""The folder in which one run keeps its pictures, and what killed runs left of theirs.

A name is `styletune-<world>-<pid>-<random>`, as of segments of shared memory: world and pid
tell whose it is, so that a later start can sweep up after a run that was killed outright.
Knows nothing about pictures.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from styletune.ipc import seqlock
from styletune.ipc.seqlock import is_alive

_NAME = re.compile(rf"{seqlock.PREFIX}-(?P<world>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-\w+")


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A private folder, gone afterwards."""
    prefix = f"{seqlock.PREFIX}-{seqlock.namespace_id()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep_scratch() -> int:
    """Remove the folders of dead processes and return how many there were.

    Leaves alone what live processes made, what belongs to other users, and what was made in
    another container (see `segments.world`).
    """
    world = seqlock.namespace_id()
    swept = 0
    for path in Path(tempfile.gettempdir()).glob(f"{seqlock.PREFIX}-{world}-*"):
        match = _NAME.fullmatch(path.name)
        if match is None or is_alive(int(match["pid"])) or not _ours(path):
            continue
        shutil.rmtree(path, ignore_errors=True)
        swept += not path.exists()
    return swept


def _ours(path: Path) -> bool:
    """A folder of this user, and no link: anybody may put names into a shared folder."""
    try:
        return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
    except OSError:  # swept by another process just now
        return False
