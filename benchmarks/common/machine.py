"""What the benchmark runs on, and what processes take of it: versions, memory, processor time."""

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import psutil

_PACKAGES = ("styletune", "keras", "tensorflow", "jax", "numpy", "uvicorn", "websockets")
MIB_PER_MB = 1e6 / 2**20


def cores() -> int:
    """How many cores this process may use."""
    return len(psutil.Process().cpu_affinity() or ())


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
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
    """Command lines of the processes that `pid` has started, by process id."""
    found = {}
    try:
        for child in psutil.Process(pid).children():
            found[child.pid] = " ".join(child.cmdline())
    except psutil.Error:  # one of them has ended
        pass
    return found


def peak_mb(pid: int) -> float | None:
    """The most memory that a process has had resident so far, in MB (10⁶ bytes)."""
    try:  # psutil does not give it on Linux
        return peak_mb_of(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:
        return None


def peak_mb_of(status: str) -> float | None:
    """The same, by the text of a `/proc/…/status`."""
    sizes = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((kib * 1024 / 1e6 for kib in sizes), None)


def resident_mb(pid: int) -> float:
    """The memory that a process has resident now, in MB (10⁶ bytes); 0 once it has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss / 1e6)
    except psutil.Error:
        return 0.0


def proportional_mb(pid: int) -> float:
    """The same, but of what it shares with others only its part."""
    try:
        return float(psutil.Process(pid).memory_full_info().pss / 1e6)
    except psutil.Error:
        return 0.0


def open_files(pid: int) -> list[str]:
    """Paths of the files that a process has open; none once it has ended."""
    try:
        return [file.path for file in psutil.Process(pid).open_files()]
    except psutil.Error:
        return []


def descriptors(pid: int) -> int:
    """How many files, sockets and pipes a process has open."""
    try:
        return psutil.Process(pid).num_fds()
    except psutil.Error:
        return 0


def cpu_s(pid: int | None) -> float:
    """Seconds of processor time that a process has used, all its threads; 0 if not known."""
    try:
        times = psutil.Process(pid).cpu_times() if pid is not None else None
    except psutil.Error:
        return 0.0
    return 0.0 if times is None else times.user + times.system


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of processor time so far: of the whole machine, and of the measured processes."""

    machine_s: float
    measured_s: float

    @classmethod
    def now(cls, pids: Iterable[int | None]) -> Self:
        """Read the clocks of `pids`, and of our own processes that have ended."""
        times, own = psutil.cpu_times(), os.times()
        idle_s = times.idle + getattr(times, "iowait", 0.0)
        guests_s = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # in user
        ended_s = own.children_user + own.children_system
        return cls(sum(times) - idle_s - guests_s, sum(map(cpu_s, pids)) + ended_s)

    def other_cores(self, before: "CpuTime", seconds: float) -> float:
        """Cores that all other processes had on average in the last `seconds`."""
        measured_s = self.measured_s - before.measured_s
        return max(0.0, self.machine_s - before.machine_s - measured_s) / seconds


class CpuMeter:
    """Cores that processes have had on average since this was made.

    Args:
        pids: all processes that are measured; None: one that was not found.
    """

    def __init__(self, pids: Iterable[int | None]) -> None:
        self._pids = tuple(pids)
        self._began = time.perf_counter()
        self._before = CpuTime.now(self._pids)
        self._each_s = {pid: cpu_s(pid) for pid in self._pids}

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._began

    def cores(self, pid: int) -> float:
        """Of one of the measured processes."""
        return (cpu_s(pid) - self._each_s[pid]) / self.seconds

    def other_cores(self) -> float:
        """Of all programs that are not measured here, the host's among them."""
        return CpuTime.now(self._pids).other_cores(self._before, self.seconds)
