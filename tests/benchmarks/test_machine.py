import os
from pathlib import Path

import pytest

from benchmarks.common import machine

needs_proc = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs /proc")


@needs_proc
def test_a_process_uses_memory_and_time():
    memory_mb = machine.peak_mb(os.getpid())
    assert memory_mb is not None
    assert 1 < memory_mb < 100_000
    assert machine.cpu_s(os.getpid()) > 0


def test_an_ended_process_uses_nothing():
    assert machine.peak_mb(2**30) is None
    assert machine.cpu_s(2**30) == 0
    assert machine.resident_mb(2**30) == 0
    assert machine.descriptors(2**30) == 0
    assert machine.open_files(2**30) == []
    assert machine.children(2**30) == {}


def test_other_cores_are_the_rest_of_the_machine():
    before, after = machine.CpuTime(100.0, 10.0), machine.CpuTime(112.0, 18.0)
    assert after.other_cores(before, 10.0) == pytest.approx(0.4)
