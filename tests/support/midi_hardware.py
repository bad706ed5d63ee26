"""A test bench without hardware: a JACK server, a nanoKONTROL2 of virtual ports, the agent."""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

TOKEN = "token-of-the-agents-tests-0123456789abcdef"
# On a busy machine a start takes many seconds.
PATIENCE_S = 120.0 * float(os.environ.get("STYLETUNE_TEST_TIMEOUT_FACTOR", "1"))
NANO = "nanoKONTROL2"


def until(what: str, check: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {patience_s:g} s: {what}")


@contextmanager
def jack() -> Iterator[None]:
    """A JACK server of our own, without any sound card; skips where there is none."""
    if shutil.which("jackd") is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_JACK"), "CI must run the tests with JACK"
        pytest.skip("no JACK here, hence no virtual MIDI ports: apt-get install jackd2")
    name = f"styletune-{os.getpid()}"
    command = ["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "1024"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as server,
    ):
        os.environ["JACK_DEFAULT_SERVER"] = name
        try:
            waits = ["jack_wait", "-s", name, "-w", "-t", "60"]
            if shutil.which("jack_wait"):
                subprocess.run(waits, check=True, capture_output=True, timeout=90)
            else:
                time.sleep(2)
            if server.poll() is not None:
                log.seek(0)
                raise AssertionError(f"JACK ended: {log.read()}")
            yield
        finally:
            del os.environ["JACK_DEFAULT_SERVER"]
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                # Killed, it would stay registered: the ninth such server is refused.
                server.wait(30)
            if server.poll() is None:
                server.kill()


class Nano:
    """A nanoKONTROL2 that a test can play, plug and pull."""

    def __init__(self, name: str = f"{NANO} SLIDER/KNOB") -> None:
        import rtmidi

        self.heard: list[tuple[int, ...]] = []
        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="fake")
        self._out.open_virtual_port(name)
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="fake")
        self._in.set_callback(lambda event, _: self.heard.append(tuple(event[0])))
        self._in.open_virtual_port(f"{name.split()[0]} CTRL")

    def cc(self, number: int, value: int) -> None:
        self._out.send_message([0xB0, number, value])

    def sweep(self, number: int, *, start: int, end: int) -> None:
        """As a hand does: step by step."""
        step = 1 if end >= start else -1
        for value in range(start, end + step, step):
            self.cc(number, value)
            time.sleep(0.002)

    def pull(self) -> None:
        # A message that comes while the port closes must not meet Python: once in many pulls
        # that ended the whole process.
        self._in.cancel_callback()
        for side in (self._out, self._in):
            side.close_port()
            side.delete()


class Process:
    """A process whose lines on stderr (or stdout) are read as they come."""

    def __init__(self, *arguments: str, stdout: bool = False, **environment: str) -> None:
        self.lines: list[str] = []
        self._fresh: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if stdout else subprocess.PIPE,
            text=True,
            env=os.environ | {"STYLETUNE_TOKEN": TOKEN} | environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        pipe = self.process.stdout or self.process.stderr
        assert pipe is not None
        for line in pipe:
            self.lines.append(line.rstrip())
            self._fresh.put(line.rstrip())

    def line(self, part: str) -> str:
        """The next line with `part` in it."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                line = self._fresh.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {part!r}; got {self.lines}") from None
            if part in line:
                return line

    def end(self) -> int:
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
        self._reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code


@contextmanager
def agent(*arguments: str, stdout: bool = False, **environment: str) -> Iterator[Process]:
    process = Process(
        "-m", "styletune", "midi", "--api", "jack", *arguments, stdout=stdout, **environment
    )
    try:
        yield process
    finally:
        process.end()


class Server:
    """`styletune serve` with a stand-in painter, on a port that it keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = (str(self.folder), "127.0.0.1", str(self.port))
        self._process = Process("-m", "tests.support.serve", *arguments, stdout=True)
        line = self._process.line("http://")
        self.port = int(line.split(":")[2].partition("/")[0])

    def stop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def get(self, path: str) -> Any:
        import httpx

        answer = httpx.get(
            self.url + path,
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        return answer.json()

    def controls(self) -> Any:
        return self.get("/api/state")["controls"]
