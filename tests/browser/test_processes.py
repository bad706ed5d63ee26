"""The real processes: what holds when the worker dies, and how they share the machine."""

import os
from pathlib import Path

import psutil
import pytest

from tests.browser.live_server import LiveServer, wait_until


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux tells how threads share")
def test_the_server_yields_to_the_worker(server: LiveServer) -> None:
    def policies(pid: int) -> dict[int, int]:
        threads = [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
        return {thread: os.sched_getscheduler(thread) for thread in threads}

    pid = server.process.pid
    assert policies(pid)[pid] & ~os.SCHED_RESET_ON_FORK == os.SCHED_BATCH
    assert set(policies(server.worker().pid).values()) == {os.SCHED_OTHER}


@pytest.mark.checklist(31)
def test_a_killed_worker_comes_back_with_the_same_control_values(server: LiveServer) -> None:
    moved = {"content.block2_conv1": 0.81, "style.block1_conv1": 0.33, "smooth": 0.0}
    assert server.send({"type": "set", "controls": moved})["type"] == "changed"
    epoch = server.epoch()["epoch"]
    before = server.worker()
    before.kill()
    wait_until("another worker", lambda: server.worker().pid != before.pid)
    wait_until("pictures again", lambda: server.epoch()["epoch"] > epoch + 3)
    controls = server.state()["controls"]
    assert {name: controls[name] for name in moved} == moved
    # And the worker itself paints with them, which its loss table shows.
    row = server.epoch()["losses"][1]
    assert row["layer"] == "block2_conv1"
    assert row["content"]["weight"] == pytest.approx(10 ** (-2 + 4 * 0.81), rel=1e-6)
    assert server.epoch()["smooth"] == 0.0


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "set", "controls": {"style.nowhere": 0.5}}, "unknown_control"),
        ({"type": "set", "controls": {"style.block1_conv1": 1.5}}, "out_of_range"),
        ({"type": "set", "controls": {"style.block1_conv1": "0.5"}}, "bad_value"),
        ({"type": "dance"}, "bad_type"),
        ({"type": "trigger", "name": "explode"}, "unknown_control"),
    ],
)
def test_bad_messages_are_answered_and_change_nothing(
    server: LiveServer, message: dict, code: str
) -> None:
    before = server.state()["controls"]
    answer = server.send(message)
    assert answer["type"] == "error"
    assert answer["code"] == code
    assert server.state()["controls"] == before


def test_the_web_process_is_free_of_keras_and_small(server: LiveServer) -> None:
    web = psutil.Process(server.process.pid)
    loaded = {m.path for m in web.memory_maps()}
    assert not [path for path in loaded if "tensorflow" in path or "jaxlib" in path]
    assert web.memory_info().rss < 120 * 2**20


def test_the_log_names_network_size_and_device(server: LiveServer) -> None:
    def painting_logged() -> str:
        text = server.log.read_text()
        return text if "event=painting" in text else ""

    text = wait_until("it paints", painting_logged)
    assert "size=128×96 network=lite" in text
    assert server.state()["state"]["device"] in text
    assert "oneDNN" not in text
