"""Where points are painted: on a server, through the client.

A point comes in, its result and its PNG come out. The server's pictures are changed only where a
point asks for it. Knows nothing about folders and sheets.
"""

import asyncio
import contextlib
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
from styletune.images.png_metadata import replace_state
from styletune.sweeps.points import Point, controls_from_rows
from styletune.sweeps.result import Result, Term
from styletune.sweeps.spec import SweepSpec, Value

_RATE_S = 5.0  # to look how fast it paints; longer where it is compiling
_FETCH_S = 10.0  # for the last picture, after Ctrl-C
_TRIES = 3  # for a point that somebody disturbs, or whose picture the server loses

# Called while a point is painted: steps so far, loss.
OnStep = Callable[[Point, int, float], None]
# Called once it is painted, with its PNG.
Keep = Callable[[Result, bytes], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A point and how it is painted."""

    point: Point
    file: str
    steps: int
    settle: float | None
    start: str

    def result(self, *, steps: int, **painted: Any) -> Result:
        """What has become of it.

        Args:
            painted: the fields of `Result` that the painting tells.
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

    async def paint(self, jobs: Sequence[Job], on_step: OnStep, keep: Keep) -> None:
        """Paint all points, and hand over each as soon as it is done."""
        ...


class ServerBackend:
    """Paints on a running server, while others watch."""

    def __init__(self, client: Client, table: Mapping[str, Control]) -> None:
        self.client = client
        self.table = table
        self._hung: dict[str, str] = {}  # pictures that this sweep has put up, by place
        self._layers = client.layers
        self._network = client.state["network"]
        self._connections = client.connections
        self._played = False  # has moved controls
        self._lost: Counter[str] = Counter()  # pictures that the server lost, by the point's key

    @classmethod
    @asynccontextmanager
    async def on(cls, client: Client) -> AsyncIterator["ServerBackend"]:
        """A studio that afterwards puts the controls back as it found them."""
        studio = cls(client, controls_from_rows(await client.table()))
        await client.ready()
        before = {n: v for n, v in client.controls.items() if n in studio.table}
        try:
            yield studio
        finally:
            if client.connected and studio._played:
                # All of them, moved or not: a move lets the painting go on after the last run.
                await client.set(before, gesture="paint")

    @property
    def painter(self) -> dict[str, Any]:
        """What paints here; points painted by another do not belong on one sheet."""
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

    async def base(self, sweep: SweepSpec) -> dict[str, Value]:
        """The values of the controls that the sweep does not name."""
        if sweep.base == "now":
            return dict(self.client.controls)
        defaults = {row["name"]: row["default"] for row in await self.client.table()}
        values = {name: defaults[name] for name in self.table}
        if sweep.base == "defaults":
            return values
        scene = await self.client.scene(sweep.base.removeprefix("scene:"))
        return {**values, **scene["controls"]}

    async def steps_per_s(self, points: int) -> float:
        """How fast it paints at this moment; 0: not known, as nothing is being painted.

        Args:
            points: to be painted; one after the other, here.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_RATE_S):
                async for epoch in self.client.epochs():
                    if epoch["steps_per_s"]:
                        return epoch["steps_per_s"]
        return 0.0

    async def paint(self, jobs: Sequence[Job], on_step: OnStep, keep: Keep) -> None:
        """Paint one point after the other; a picture is fetched while the next is painted.

        What a server took with it when it ended is painted again.
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
                    fetching = asyncio.create_task(self._fetch(job, *painted, keep))
        finally:
            # It is painted: Ctrl-C or a lost server must not take it with them.
            if fetching is not None:
                await asyncio.wait([fetching], timeout=_FETCH_S)

    async def _paint(self, job: Job, on_step: OnStep) -> tuple[Result, int]:
        point, self._played = job.point, True
        began = time.perf_counter()

        def tell(epoch: Epoch) -> None:
            if "run" in epoch:
                on_step(point, epoch["run"]["step"], epoch["total"])

        for left in reversed(range(_TRIES)):
            await self._hang(point.pictures)
            painted = await self.client.paint(
                job.steps,
                point.controls,
                start=job.start,
                seed=point.seed,
                settle=job.settle,
                on_epoch=tell,
            )
            self._check_server()
            # After a restart the server paints from its own pictures again.
            anew = bool(point.pictures) and self.client.connections != self._connections
            if not (painted.disturbed or anew) or not left:
                break
        seconds = time.perf_counter() - began
        return _result(job, painted, seconds), painted.run

    async def _fetch(self, job: Job, result: Result, run: int, keep: Keep) -> list[Job]:
        """Hand a picture over; returns what has to be painted again, as the server has lost it."""
        try:
            data = await self.client.png(run=run)
        except (UnreachableError, RefusedError) as error:
            self._lost[job.point.key] += 1
            gone = isinstance(error, UnreachableError) or error.code == "no_such_run"
            if not gone or self._lost[job.point.key] == _TRIES:
                raise
            return [job]
        keep(result, replace_state(data, result.state))
        return []

    async def _hang(self, pictures: Mapping[str, str]) -> None:
        """Put up the pictures of a point, where they do not hang yet."""
        if self.client.connections != self._connections:
            self._connections = self.client.connections
            self._hung.clear()
        for place, name in pictures.items():
            if self._hung.get(place) != name:
                await self.client.upload(place.replace(" ", "/"), name)
                self._hung[place] = name

    def _check_server(self) -> None:
        client = self.client
        if (client.layers, client.state["network"]) != (self._layers, self._network):
            raise SweepError(
                f"the server now paints with {client.state['network']}, "
                f"{', '.join(client.layers)}; the sweep began with {self._network}, "
                f"{', '.join(self._layers)}"
            )


def _result(job: Job, painted: Painted, seconds: float) -> Result:
    epoch = painted.epoch
    return job.result(
        steps=painted.steps,
        seconds=seconds,
        rev=epoch["rev"],
        width=epoch["width"],
        height=epoch["height"],
        total=epoch["total"],
        smooth=epoch["smooth"],
        terms=tuple(
            Term(row["layer"], name, loss["raw"], loss["weight"], loss["weighted"])
            for row in epoch["losses"]
            for name, loss in (("content", row["content"]), ("style", row["style"]))
        ),
        disturbed=painted.disturbed,
        rollbacks=painted.rollbacks,
        time=epoch["time"],
    )


# A server of one's own for one sweep: on any free port, behind a random token, ended afterwards.
#
# The same code paints as on a server that others watch; only the process is private.


_END_S = 10.0  # the server ends its worker within 5
_LOG_LINES = 15
_PR_SET_PDEATHSIG = 1
_PRIVATE = ("--no-browser", "--no-spare", "--host", "127.0.0.1", "--port", "0")


@asynccontextmanager
async def private_server(arguments: Sequence[str]) -> AsyncIterator[Client]:
    """Start `styletune serve` with these arguments, and join it.

    Raises:
        WorkerError: it did not start; its last lines say why.
    """
    token = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="styletune-sweep-") as name:
        folder = Path(name)
        log = folder / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "styletune", "serve", *arguments, *_PRIVATE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Scenes and values of its own: the person's must not be read, nor written.
                env={**os.environ, "STYLETUNE_TOKEN": token, "STYLETUNE_DATA": name},
                start_new_session=True,  # Ctrl-C is for the sweep alone
                preexec_fn=_die_with_us if sys.platform == "linux" else None,
            )
        try:
            assert process.stdout is not None
            url = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
            if not url:
                raise WorkerError(f"the sweep's own server did not start: {_last_words(log)}")
            async with connect(url, token=token) as client:
                yield client
        finally:
            await asyncio.shield(asyncio.to_thread(_end, process))


def _die_with_us() -> None:
    """Let the kernel end the server where the sweep is killed: it would paint for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    process.kill()  # its worker ends when it is gone
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    own = [line.removeprefix("styletune: ") for line in lines if line.startswith("styletune: ")]
    return own[-1] if own else " / ".join(lines[-_LOG_LINES:]) or "it said nothing"
