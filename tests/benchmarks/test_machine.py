import os
from pathlib import Path

import pytest

from benchmarks.common import machine

needs_proc = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs /proc")


@needs_proc
def test_a_process_has_needed_some_memory_and_time():
    memory_mb = machine.peak_mb(os.getpid())
    assert memory_mb is not None
    assert 1 < memory_mb < 100_000
    assert machine.cpu_s(os.getpid()) > 0


def test_a_process_that_is_gone_has_needed_nothing():
    assert machine.peak_mb(2**30) is None
    assert machine.cpu_s(2**30) == 0
    assert machine.children(2**30) == {}


def test_other_programs_are_what_is_left_of_the_whole_machine():
    before, after = machine.Busy(100.0, 10.0), machine.Busy(112.0, 18.0)
    assert after.others_since(before, 10.0) == pytest.approx(0.4)
