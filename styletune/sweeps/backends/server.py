"""Points painted on a server, through the client: one that runs, or a private one."""

import asyncio
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from styletune.client import Client, Epoch, Painted, connect
from styletune.controls import Control
from styletune.errors import RefusedError, SweepError, UnreachableError, WorkerError
from styletune.images.png_metadata import update_state
from styletune.ipc.segments import temp_prefix
from styletune.sweeps.axes import controls_from_rows
from styletune.sweeps.console import OnStep
from styletune.sweeps.points import Point
from styletune.sweeps.results import Result, Term
from styletune.sweeps.spec import SweepSpec, Value
from styletune.terms import layer_terms

_RATE_TIMEOUT_S = 5.0  # to measure how fast it paints; it may be compiling
_FETCH_TIMEOUT_S = 10.0  # for the last picture, after Ctrl-C
_TRIES = 3  # for a point that somebody disturbs, or whose picture the server loses

OnResult = Callable[[Result, bytes], None]  # a painted point, and its PNG


@dataclass(frozen=True, slots=True)
class Job:
    """A point and how it is painted."""

    point: Point
    file: str
    steps: int
    settle: float | None
    start: str

    def make_result(self, *, steps: int, **painted: Any) -> Result:
        """The result of painting it.

        Args:
            painted: the fields of `Result` that only the painting knows.
        """
        point = self.point
        return Result(
            key=point.key,
            index=point.index,
            file=self.file,
            labels=point.labels,
            at=point.at,
            place=point.place,
            controls=point.controls,
            pictures=point.pictures,
            seed=point.seed,
            steps=steps,
            settled=steps < self.steps,
            **painted,
        )


class Backend(Protocol):
    """What paints points, one after the other or several at a time."""

    @property
    def table(self) -> Mapping[str, Control]:
        """The controls that hold a value, by name."""

    @property
    def painter(self) -> dict[str, Any]:
        """Network, weights, layers, size and pictures; see `ResultsFolder.start`."""

    async def base(self, spec: SweepSpec) -> dict[str, Value]:
        """The values of the controls that the sweep does not name."""

    async def steps_per_s(self, points: int) -> float:
        """How fast it paints so many points, all together; 0: not known."""

    async def paint(self, jobs: Sequence[Job], on_step: OnStep, on_result: OnResult) -> None:
        """Paint all points, and hand over each as soon as it is done."""


class ServerBackend:
    """Paints on a running server, while others watch.

    The server's pictures are changed only where a point names one.
    """

    def __init__(self, client: Client, table: Mapping[str, Control]) -> None:
        self.client = client
        self.table = table
        self._uploaded: dict[str, str] = {}  # by this sweep; names by slot
        self._layers = client.layers
        self._network = client.state["network"]
        self._connections = client.connections
        self._moved_controls = False
        self._lost: Counter[str] = Counter()  # pictures that the server lost, by the point's key

    @classmethod
    @asynccontextmanager
    async def open(cls, client: Client) -> AsyncIterator["ServerBackend"]:
        """A backend that afterwards puts the controls back as it found them."""
        backend = cls(client, controls_from_rows(await client.table()))
        await client.ready()
        before = {n: v for n, v in client.controls.items() if n in backend.table}
        try:
            yield backend
        finally:
            if client.connected and backend._moved_controls:
                # All of them, moved or not: a move lets the painting go on after the last run.
                await client.set(before, gesture="paint")

    @property
    def painter(self) -> dict[str, Any]:
        """What paints here; points painted by something else do not belong on one sheet."""
        state, pictures, epoch = self.client.state, self.client.pictures, self.client.epoch
        assert epoch is not None  # it is ready
        return {
            "network": state["network"],
            "weights": state["weights"],
            "layers": list(self.client.layers),
            "size": max(epoch["width"], epoch["height"]),
            "content": pictures["content"]["name"],
            "styles": [style["name"] for style in pictures["styles"]],
        }

    async def base(self, spec: SweepSpec) -> dict[str, Value]:
        """The values of the controls that the sweep does not name."""
        if spec.base == "now":
            return dict(self.client.controls)
        defaults = {row["name"]: row["default"] for row in await self.client.table()}
        values = {name: defaults[name] for name in self.table}
        if spec.base == "defaults":
            return values
        scene = await self.client.scene(spec.base.removeprefix("scene:"))
        return {**values, **scene["controls"]}

    async def steps_per_s(self, points: int) -> float:
        """How fast it paints at this moment; 0: not known, as nothing is being painted.

        Args:
            points: makes no difference here, where they are painted one after the other.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_RATE_TIMEOUT_S):
                async for epoch in self.client.epochs():
                    if epoch["steps_per_s"]:
                        return epoch["steps_per_s"]
        return 0.0

    async def paint(self, jobs: Sequence[Job], on_step: OnStep, on_result: OnResult) -> None:
        """Paint one point after the other; a picture is fetched while the next is painted.

        A picture that a server lost when it ended is painted again.
        """
        waiting = deque(jobs)
        fetching: asyncio.Task[list[Job]] | None = None
        try:
            while waiting or fetching is not None:
                job = waiting.popleft() if waiting else None
                painted = None if job is None else await self._paint(job, on_step)
                if fetching is not None:
                    waiting.extendleft(await fetching)  # the server keeps the last two pictures
                    fetching = None
                if job is not None and painted is not None:
                    fetching = asyncio.create_task(self._fetch(job, *painted, on_result))
        finally:
            # It is painted: it must outlive Ctrl-C and a lost server.
            if fetching is not None:
                await asyncio.wait([fetching], timeout=_FETCH_TIMEOUT_S)

    async def _paint(self, job: Job, on_step: OnStep) -> tuple[Result, int]:
        point, self._moved_controls = job.point, True
        began = time.perf_counter()

        def on_epoch(epoch: Epoch) -> None:
            if "run" in epoch:
                on_step(point, epoch["run"]["step"], epoch["total"])

        for left in reversed(range(_TRIES)):
            await self._upload_pictures(point.pictures)
            painted = await self.client.paint(
                job.steps,
                point.controls,
                start=job.start,
                seed=point.seed,
                settle=job.settle,
                on_epoch=on_epoch,
            )
            self._check_server()
            # After a restart the server paints from its own pictures again.
            wrong = bool(point.pictures) and self.client.connections != self._connections
            if not (painted.disturbed or wrong) or not left:
                break
        seconds = time.perf_counter() - began
        return _make_result(job, painted, seconds), painted.run

    async def _fetch(self, job: Job, result: Result, run: int, on_result: OnResult) -> list[Job]:
        """Hand a picture over; returns what has to be painted again, as the server lost it."""
        try:
            data = await self.client.png(run=run)
        except (UnreachableError, RefusedError) as error:
            self._lost[job.point.key] += 1
            gone = isinstance(error, UnreachableError) or error.code == "no_such_run"
            if not gone or self._lost[job.point.key] == _TRIES:
                raise
            return [job]
        on_result(result, update_state(data, result.state))
        return []

    async def _upload_pictures(self, pictures: Mapping[str, str]) -> None:
        """Upload the pictures of a point that the server does not have yet."""
        if self.client.connections != self._connections:
            self._connections = self.client.connections
            self._uploaded.clear()
        for slot, name in pictures.items():
            if self._uploaded.get(slot) != name:
                await self.client.upload(slot.replace(" ", "/"), name)
                self._uploaded[slot] = name

    def _check_server(self) -> None:
        client = self.client
        if (client.layers, client.state["network"]) != (self._layers, self._network):
            raise SweepError(
                f"the server now paints with {client.state['network']}, "
                f"{', '.join(client.layers)}; the sweep began with {self._network}, "
                f"{', '.join(self._layers)}"
            )


def _make_result(job: Job, painted: Painted, seconds: float) -> Result:
    epoch = painted.epoch
    return job.make_result(
        steps=painted.steps,
        seconds=seconds,
        rev=epoch["rev"],
        width=epoch["width"],
        height=epoch["height"],
        total=epoch["total"],
        smooth=epoch["smooth"],
        terms=tuple(_term(row, name) for row in epoch["losses"] for name in layer_terms()),
        disturbed=painted.disturbed,
        rollbacks=painted.rollbacks,
        time=epoch["time"],
    )


def _term(losses: Mapping[str, Any], name: str) -> Term:
    loss = losses[name]
    return Term(losses["layer"], name, loss["raw"], loss["weight"], loss["weighted"])


# ------------------------------------------------------- a server of one's own

_STOP_TIMEOUT_S = 10.0  # the server ends its worker within 5
_LOG_LINES = 15
_PR_SET_PDEATHSIG = 1
_PRIVATE = ("--no-browser", "--no-spare", "--host", "127.0.0.1", "--port", "0")


@asynccontextmanager
async def private_server(arguments: Sequence[str]) -> AsyncIterator[Client]:
    """Start `styletune serve` with these arguments, and join it; it is stopped afterwards.

    It serves on a free port, behind a random token.

    Raises:
        WorkerError: it did not start; the error has its last lines.
    """
    token = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix=temp_prefix()) as name:
        folder = Path(name)
        log = folder / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "styletune", "serve", *arguments, *_PRIVATE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Scenes and values of its own: the person's must not be read, nor written.
                env={**os.environ, "STYLETUNE_TOKEN": token, "STYLETUNE_DATA": name},
                start_new_session=True,  # Ctrl-C is for the sweep alone
                preexec_fn=_stop_with_parent if sys.platform == "linux" else None,
            )
        try:
            assert process.stdout is not None
            url = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
            if not url:
                raise WorkerError(f"the sweep's own server did not start: {_failure_reason(log)}")
            async with connect(url, token=token) as client:
                yield client
        finally:
            await asyncio.shield(asyncio.to_thread(_stop, process))


def _stop_with_parent() -> None:
    """Let the kernel end the server when the sweep is killed: it would paint for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_TIMEOUT_S)
    process.kill()  # its worker ends when it is gone
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _failure_reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    own = [line.removeprefix("styletune: ") for line in lines if line.startswith("styletune: ")]
    return own[-1] if own else " / ".join(lines[-_LOG_LINES:]) or "it said nothing"
