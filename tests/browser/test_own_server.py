"""Servers of a test's own, beside which the others' is paused: how they fail and end."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.live_server import TIMEOUT_S, TOKEN, serve, wait_until


def test_a_port_in_use_is_exit_code_3() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "styletune", "serve", "--no-browser", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 3
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def segments(pid: int) -> list[str]:
    """Shared memory of the web process `pid`, which is in the names."""
    return [path.name for path in Path("/dev/shm").glob(f"styletune-*-{pid}-*")]


@pytest.mark.long
@pytest.mark.checklist(30)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_even_when_signalled_twice(number: signal.Signals) -> None:
    with serve("--size", "64") as running:
        running.epoch()
        assert len(segments(running.process.pid)) == 2
        worker = running.worker()
        running.process.send_signal(number)
        time.sleep(0.2)
        if running.process.poll() is None:
            running.process.send_signal(number)
        assert running.process.wait(TIMEOUT_S) == 0, running.log.read_text()
        wait_until("the worker is gone", lambda: not worker.is_running())
        log = running.log.read_text()
    assert "Traceback" not in log
    assert TOKEN not in log
    assert segments(running.process.pid) == []


@pytest.mark.long
def test_missing_weights_fail_with_a_remedy(tmp_path: Path) -> None:
    with serve("--size", "64", "--weights", str(tmp_path / "none.npz")) as running:
        state = wait_until(
            "the failure",
            lambda: (s := running.state()["state"])["state"] == "failed" and s,
        )
        assert "no such file" in state["message"]
        wait_until("the terminal too", lambda: "no such file" in running.log.read_text())
