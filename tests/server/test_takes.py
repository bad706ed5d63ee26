"""Kill −9 while a take is recorded: of the worker, then of the whole server."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from styletune.takes.lines import Line, Move, Start, read
from tests.browser.live_server import LiveServer, serve, wait_until


def lines_of(path: Path) -> list[Line]:
    return list(read(path))


def recording(server: LiveServer) -> str:
    takes = json.loads(server.request("GET", "/api/takes"))["takes"]
    return next((take["name"] for take in takes if take["recording"]), "")


@pytest.mark.long  # a real server and two of its workers
def test_a_crash_costs_a_take_at_most_its_last_second() -> None:
    with serve("--size", "64") as server:
        server.epoch()
        server.send({"type": "set", "controls": {"record": True}})
        name = wait_until("it records", lambda: recording(server))
        path = server.log.parent / "data" / "takes" / f"{name}.jsonl"
        os.kill(server.worker().pid, signal.SIGKILL)
        wait_until("it goes on", lambda: path.read_bytes().count(b'"type":"start"') == 2)
        assert recording(server) == name
        rev = server.send({"type": "set", "controls": {"smooth": 0.8}})["rev"]
        wait_until("it was painted", lambda: server.epoch()["rev"] >= rev)
        worker = server.worker()
        os.kill(server.process.pid, signal.SIGKILL)
        os.kill(worker.pid, signal.SIGKILL)
        killed = time.time()
        server.process.wait()
        lines = lines_of(path)
    assert [isinstance(line, Start) for line in lines].count(True) == 2
    assert any(isinstance(line, Move) and line.set.get("smooth") == 0.8 for line in lines)
    assert killed - lines[-1].time < 1
    assert [line.time for line in lines] == sorted(line.time for line in lines)
