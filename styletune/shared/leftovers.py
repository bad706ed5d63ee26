"""What killed processes left in shared memory, swept at the next start.

A group killed outright leaves its segments behind, resource tracker and all. Their names
say which process made them. Knows nothing about what lies in a segment.
"""

import os
import re

from styletune.shared import segments

_NAME = re.compile(rf"{segments.PREFIX}-(?P<world>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-.*")


def sweep_leftovers() -> int:
    """Remove the segments of dead processes and return how many there were.

    Leaves alone what live processes made, what belongs to other users, and what was made
    in another container (see `segments.world`).
    """
    if not segments.FOLDER.is_dir():
        return 0
    world = segments.world()
    swept = 0
    for path in segments.FOLDER.glob(f"{segments.PREFIX}-{world}-*"):
        match = _NAME.fullmatch(path.name)
        if match is None or alive(int(match["pid"])):
            continue
        try:
            path.unlink()
        except OSError:  # another user's, or swept by another process just now
            continue
        swept += 1
    return swept


def alive(pid: int) -> bool:
    """Whether there is a process of that number in this namespace."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True
