"""Whether the kernel has killed processes for want of memory: it tells nobody else.

SIGKILL alone does not say who sent it. A count that rose while the worker lived does.
"""

import re
from pathlib import Path

# This container's own count where there is one, and the whole machine's.
_COUNTS = (
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
    Path("/proc/vmstat"),
)
_LINE = re.compile(r"^oom_kill (\d+)$", re.M)


def kills(counts: tuple[Path, ...] = _COUNTS) -> int:
    """How often it has happened so far, as far as this process can see; only rises."""
    total = 0
    for path in counts:
        try:
            found = _LINE.search(path.read_text(encoding="ascii", errors="replace"))
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total
