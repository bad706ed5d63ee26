"""The whole server for the end-to-end tests: a real `styletune serve`, its real worker."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from websockets.sync.client import connect

from styletune.images import samples
from styletune.ipc import segments

TOKEN = "end-to-end-token-of-the-tests-0123456789abcdef"
# The first step of a cold worker takes seconds; on a busy machine with two cores, many.
TIMEOUT_S = 150.0 * float(os.environ.get("STYLETUNE_TEST_TIMEOUT_FACTOR", "1"))


def chromium_path() -> str | None:
    """Path of this machine's Chromium, or None."""
    named = os.environ.get("STYLETUNE_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return named or next(filter(None, map(shutil.which, names)), None)


def wait_until(what: str, check: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """Wait until `check()` is true and return its result."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        result = check()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout_s:g} s: {what}")


@dataclass
class LiveServer:
    """A running server."""

    process: subprocess.Popen[str]
    url: str  # with the token
    log: Path

    @property
    def base(self) -> str:
        return self.url.partition("?")[0].rstrip("/")

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        request = urllib.request.Request(
            self.base + quote(path),
            data=body,
            headers={"Authorization": f"Bearer {TOKEN}", **headers},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read())

    def state(self) -> Any:
        return json.loads(self.request("GET", "/api/state"))

    def send(self, *messages: dict[str, Any]) -> dict[str, Any]:
        """Send messages on /ws, each after the answer to the one before; the last answer."""
        url = self.base.replace("http", "ws", 1) + "/ws"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with connect(url, additional_headers=headers, open_timeout=TIMEOUT_S) as link:
            answer: dict[str, Any] = json.loads(link.recv())
            assert answer["type"] == "snapshot"
            for seq, message in enumerate(messages, 1):
                link.send(json.dumps(message | {"seq": seq}))
                while answer.get("seq") != seq:
                    answer = json.loads(link.recv(timeout=TIMEOUT_S))
        return answer

    def start_over(self, first: Any) -> None:
        """Bring back the pictures, values, scenes and undo of an earlier state, and paint."""
        now = self.state()
        for scene in now["scenes"]["scenes"]:
            self.request("DELETE", f"/api/scenes/{scene['name']}")
        # Undone, too, are the pictures; one of another shape is built anew each time.
        undo = {"type": "trigger", "name": "undo"}
        self.send(
            {"type": "set", "controls": first["controls"]},
            *[undo] * (now["scenes"]["undo"] + 1),
        )
        now = self.state()
        for number in range(len(now["pictures"]["styles"]), len(first["pictures"]["styles"]), -1):
            self.request("DELETE", f"/api/style/{number}")
        name = first["pictures"]["content"]["name"]
        if now["pictures"]["content"]["name"] != name:
            # The body's media type would be guessed as a form's.
            headers = {"X-Filename": name, "Content-Type": "image/jpeg"}
            self.request("PUT", "/api/content", samples.path(name).read_bytes(), **headers)
        self.send({"type": "set", "controls": first["controls"]})
        width = first["epoch"]["width"]
        wait_until("its size", lambda: self.epoch()["width"] == width)

    def epoch(self) -> Any:
        """The newest epoch message, once something has been painted."""
        return wait_until("a painted epoch", lambda: self.state()["epoch"])

    def worker(self) -> psutil.Process:
        """The painting process, which has our shared memory open; a standby has not."""

        memory = str(segments.FOLDER / segments.PREFIX)

        def find() -> psutil.Process | None:
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):  # it has just ended
                    if any(file.path.startswith(memory) for file in child.open_files()):
                        return child
            return None

        found = wait_until("a worker process", find)
        assert isinstance(found, psutil.Process)
        return found


def _give_way() -> None:
    """Painting without end takes all that there is: leave it to the tests beside it."""
    os.nice(5)


@contextmanager
def serve(*arguments: str) -> Iterator[LiveServer]:
    """Serve on a free port of loopback, and end it with Ctrl-C."""
    command = [sys.executable, "-m", "styletune", "serve", "--no-browser", "--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = {"STYLETUNE_DATA": f"{folder}/data", **os.environ, "STYLETUNE_TOKEN": TOKEN}
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                [*command, *arguments],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=environment,
                preexec_fn=_give_way,
            ) as process,
        ):
            try:
                assert process.stdout
                url = process.stdout.readline().strip()
                assert url.startswith("http://127.0.0.1:"), log.read_text()
                yield LiveServer(process, url, log)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise


@contextmanager
def run_module(module: str, *arguments: str) -> Iterator[str]:
    """Another server, a module in a process of its own; yields its URL."""
    environment = os.environ | {"STYLETUNE_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            try:
                process.wait(TIMEOUT_S)
            finally:
                process.kill()
