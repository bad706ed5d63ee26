"""The server of a sweep's own."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.sweep_process import until


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends it")
def test_a_killed_sweep_leaves_no_server_behind(tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text("seeds = [1]")
    command = [sys.executable, "-m", "styletune", "sweep", str(file), "--local", "--size", "64"]
    with subprocess.Popen(
        [*command, "-o", str(tmp_path / "out")], stderr=subprocess.DEVNULL
    ) as process:
        server = until(lambda: psutil.Process(process.pid).children())[0]
        until(lambda: "serve" in server.cmdline())
        process.send_signal(signal.SIGKILL)
    server.wait(60)
