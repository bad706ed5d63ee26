"""What the benchmark runs on, and what it takes: processor, versions, load, memory.

Reads `/proc`; where there is none, the answer is None or says less. Knows nothing about
styletune.
"""

import contextlib
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

_PACKAGES = ("styletune", "keras", "tensorflow", "jax", "numpy", "uvicorn", "websockets")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions() -> str:
    """Python and the packages that matter, in words."""
    found = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def children(pid: int) -> dict[int, str]:
    """Command lines of the processes that any thread of `pid` has started, by process id."""
    found = {}
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            started = listed.read_text().split()
        except OSError:  # the thread has ended
            continue
        found.update({int(child): _command(int(child)) for child in started})
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def peak_mb(pid: int) -> float | None:
    """The most memory that a process has had resident so far, in MB (10⁶ bytes)."""
    return _memory_mb(pid, "VmHWM:")


def resident_mb(pid: int) -> float | None:
    """The memory that a process has resident now, in MB (10⁶ bytes)."""
    return _memory_mb(pid, "VmRSS:")


def own_mb(pid: int) -> float | None:
    """The same, but of what it shares with others only its part."""
    return _memory_mb(pid, "Pss:", "smaps_rollup")


def _memory_mb(pid: int, key: str, file: str = "status") -> float | None:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return None
    sizes = (int(line.split()[1]) for line in lines if line.startswith(key))
    kib = next(sizes, None)
    return None if kib is None else kib * 1024 / 1e6


def files(pid: int) -> list[str]:
    """The files, sockets and pipes that a process has open; none where nothing can tell."""
    found = []
    with contextlib.suppress(OSError):  # it has ended
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                found.append(str(link.readlink()))
    return found


def cpu_s(pid: int | None) -> float:
    """Seconds of processor time that a process has used, all its threads; 0 if not known."""
    try:
        # The name in brackets may hold anything; after it come the numbers.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Busy:
    """Seconds of processor time so far: of the whole machine, and of some processes."""

    all_s: float
    own_s: float

    @classmethod
    def now(cls, pids: Iterable[int | None]) -> Self:
        """Look now; all zero where there is no `/proc`."""
        try:
            first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        except OSError:
            return cls(0.0, 0.0)
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, first[1:9])
        ticks = user + nice + system + irq + softirq + steal
        return cls(ticks / os.sysconf("SC_CLK_TCK"), sum(map(cpu_s, pids)))

    def others_since(self, before: "Busy", seconds: float) -> float:
        """Cores that all other processes had on average in the last `seconds`."""
        own = self.own_s - before.own_s
        return max(0.0, self.all_s - before.all_s - own) / seconds
