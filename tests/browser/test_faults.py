"""Real faults: the real server, the real worker, and what viewers see meanwhile."""

import asyncio
import io
import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from websockets.asyncio.client import connect

from styletune.ipc.checkpoint import list_checkpoints, load_latest
from tests.browser.live_server import TIMEOUT_S, TOKEN, LiveServer, serve, wait_until
from tests.browser.test_own_server import segments

pytestmark = pytest.mark.long

MOVED = {"style.block2_conv1": 0.625, "smooth": 0.25}
# Close together: most of the time goes into four workers that have to come up again. Between a
# full disk and the next end of a worker there must be time for a checkpoint: on a busy disk that
# is twenty times as long as the last one took to write.
FAULTS = "torn@20 nan@40 slow@60 kill@100 oom@120 diskfull@140 hang@700 exit@720"


class Viewer:
    """Records everything that a page receives."""

    def __init__(self, server: LiveServer) -> None:
        self._address = server.base.replace("http", "ws", 1)
        self.states: list[tuple[str, str]] = []
        self.errors: list[str] = []
        self.steps: list[int] = []
        self.brightness: list[float] = []

    async def watch(self, enough) -> None:
        """Until `enough()`."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            asyncio.timeout(TIMEOUT_S),
            connect(f"{self._address}/ws", additional_headers=headers, proxy=None) as controls,
            connect(f"{self._address}/frames", additional_headers=headers, proxy=None) as frames,
            asyncio.TaskGroup() as tasks,
        ):
            readers = [
                tasks.create_task(self._read_controls(controls)),
                tasks.create_task(self._read_frames(frames)),
            ]
            while not enough():
                await asyncio.sleep(0.05)
            for reader in readers:
                reader.cancel()

    async def _read_controls(self, socket) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "state":
                self.states.append((message["state"], message["message"]))
            elif message["type"] == "epoch":
                self.steps.append(message["step"])
            elif message["type"] == "error":
                self.errors.append(message["message"])

    async def _read_frames(self, socket) -> None:
        async for data in socket:
            length = int.from_bytes(data[:4], "little")
            epoch = json.loads(data[4 : 4 + length])["epoch"]
            with Image.open(io.BytesIO(data[4 + length :])) as picture:
                self.brightness.append(float(np.asarray(picture).mean()))
            await socket.send(json.dumps({"type": "ack", "epoch": epoch}))

    def saw(self, state: str, text: str) -> bool:
        return any(at == state and text in message for at, message in self.states)


@pytest.mark.checklist(31, 32, 33, 37, 38)
async def test_one_session_survives_eight_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUNE_FAULTS", "1")
    monkeypatch.setenv("STYLETUNE_FAULT", FAULTS)
    with serve("--size", "96") as running:
        viewer = Viewer(running)
        running.send({"type": "set", "controls": MOVED})
        await viewer.watch(lambda: viewer.steps and viewer.steps[-1] > 740)
        controls = running.state()["controls"]
        log = running.log.read_text()
    for fault in FAULTS.split():
        assert f"fault on purpose: {fault}" in log
    # Each was announced, and recovered from.
    assert viewer.saw("rolling back", "not finite")
    assert viewer.saw("restarting", "ended by SIGKILL")
    assert viewer.saw("restarting", "ran out of memory at 96 px; going on at 68 px")
    assert any("going on at 68 px" in error for error in viewer.errors)
    assert viewer.saw("running", "cannot be kept for a restart")
    assert viewer.saw("restarting", "hung while running")
    assert viewer.saw("restarting", "ended with exit code 3")
    assert not viewer.saw("failed", "")
    # Nothing was lost, and nothing was shown that was not painted.
    assert {name: controls[name] for name in MOVED} == MOVED
    assert viewer.steps == sorted(viewer.steps)
    assert max(viewer.brightness) - min(viewer.brightness) < 40


@pytest.mark.checklist(27, 30, 38)
def test_a_session_is_resumed_with_picture_values_and_step(tmp_path: Path) -> None:
    """Killed outright; the newest checkpoint is cut short, and the one before is taken."""
    with serve("--size", "96", "--data", str(tmp_path)) as running:
        running.send({"type": "set", "controls": MOVED})
        folder = next((tmp_path / "sessions" / "default" / "runs").iterdir())
        note = folder / "run.json"
        wait_until("checkpoints", lambda: len(list_checkpoints(folder / "checkpoints")) == 3)
        wait_until("a note", lambda: json.loads(note.read_text())["controls"].get("smooth") == 0.25)
        worker = running.worker()
        running.process.kill()
        running.process.wait(20)
        wait_until("the worker is gone", lambda: not worker.is_running())
    cut, before, _ = list_checkpoints(folder / "checkpoints")
    cut.write_bytes(cut.read_bytes()[:-1000])
    kept, _ = load_latest(folder / "checkpoints")
    assert kept.step < 100_000
    with serve("--size", "96", "--data", str(tmp_path)) as running:
        running.epoch()
        assert f"--resume --run {folder.name}" in running.log.read_text()
    with serve("--size", "96", "--data", str(tmp_path), "--run", folder.name) as running:
        first = running.epoch()
        assert first["step"] >= kept.step
        controls = running.state()["controls"]
        assert {name: controls[name] for name in MOVED} == MOVED
        assert f"{cut.name}: the checkpoint cannot be read" in running.log.read_text()
        wait_until("it paints", lambda: running.epoch()["step"] > kept.step + 5)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
        # And with SIGTERM the last picture is kept.
        last, _ = load_latest(folder / "checkpoints")
        assert last.step >= kept.step + 5
        assert segments(running.process.pid) == []
    assert before.exists() or last.step > kept.step


@pytest.mark.checklist(32)
def test_a_stopped_worker_counts_as_hung_and_is_replaced() -> None:
    with serve("--size", "64") as running:
        wait_until("it paints", lambda: running.state()["state"]["state"] == "running")
        before = running.worker()
        os.kill(before.pid, signal.SIGSTOP)
        message = wait_until(
            "the message",
            # The restart follows at once, so that "restarting" may be over before it is seen.
            lambda: "hung" in (s := running.state()["state"])["message"] and s["message"],
        )
        assert re.match(r"the painting process hung while running: no sign of life", message)
        wait_until("another worker", lambda: running.worker().pid != before.pid)
        epoch = running.epoch()["epoch"]
        wait_until("pictures again", lambda: running.epoch()["epoch"] > epoch)
        assert not before.is_running()


def test_faults_are_refused_where_they_are_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUNE_FAULT", "kill@10")
    monkeypatch.delenv("STYLETUNE_FAULTS", raising=False)
    with serve("--size", "64") as running:
        state = wait_until(
            "the message",
            lambda: (s := running.state()["state"])["state"] == "failed" and s,
        )
        assert "refused unless STYLETUNE_FAULTS=1" in state["message"]
        time.sleep(0.2)
        assert running.process.poll() is None
