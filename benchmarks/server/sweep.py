"""What a sweep costs above its steps, and whether the page stays alive meanwhile.

    python -m benchmarks.server.sweep [--size 128] [--points 24] [--steps 40] [--rounds 4]

Two processes with the same model differ by up to a fifth for as long as they live (where their
memory lies), and a machine from one ten seconds to the next, which is more than a sweep costs.
So the worker of the swept server also does what it is compared with: in the middle of each point
it stops, takes as many steps as a point has, as `styletune paint` takes them, and goes on. What
the sweep costs is its wall time without these turns, over the turns.
"""

import argparse
import asyncio
import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.common import machine, report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess
from benchmarks.common.server import run_loop, serve_with_worker
from benchmarks.common.turns import Estimate
from styletune.config import load
from styletune.images import samples
from styletune.ipc.commands import WorkerConfig

TARGET = 0.05
_QUIET_S = 5.0  # of the page's rates while nothing is swept
_FIRST_EPOCHS = 10
# The same steps in both: no schedule, no smaller sizes first, the last step's picture.
_SESSION = """
[pictures]
content = "{content}"
styles = ["{style}"]
size = {size}
[painting]
scales = false
[optimizer]
schedule = "constant"
[controls]
average = false
"""
_SWEEP = """
steps = {steps}
[[axes]]
control = "smooth"
from = 0.2
to = 0.6
count = {points}
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a client gets in a second."""

    epochs: float
    pictures: float


@dataclass(frozen=True, slots=True)
class Round:
    """One sweep: its seconds, those of the turns of `paint` in it, and the cores of others."""

    sweep_s: float
    paint_s: float
    other_cores: float

    @property
    def cost(self) -> float:
        """The sweep's own time over that of as many steps by `paint`, less one."""
        return (self.sweep_s - self.paint_s) / self.paint_s - 1


async def rates(client: RecordingClient, during: Awaitable[object]) -> Rates:
    """What a client gets while `during` goes on."""
    client.epochs.clear()
    client.pictures.clear()
    began = time.perf_counter()
    await during
    seconds = time.perf_counter() - began
    return Rates(len(client.epochs) / seconds, len(client.pictures) / seconds)


def paint_in_turns(job: WorkerConfig, pipe: Connection, *, log: Path) -> None:
    """Paint as the worker does, but in the middle of each run as `paint` does. Runs in the worker.

    Args:
        log: while there is such a file; the seconds of each turn are added to it.
    """
    from styletune.engine import backend
    from styletune.engine.offline import OfflinePainter
    from styletune.engine.painter import Painter
    from styletune.worker import loop

    class WorkerOfflinePainter(OfflinePainter):
        """The painting of `paint`, with the worker's own painter."""

        def __init__(self, painter: Painter, steps: int) -> None:
            self._session, self._steps_taken = job.session, 0
            self.painter = self._full_size = painter
            self._schedule = [(job.session.pictures.size, steps)]

    class InterleavingLoop(loop.PaintLoop):
        """A loop that paints a second time half-way through a run."""

        _last_run = 0

        def _run_epoch(self, painter: Painter, hand: bool) -> bool:
            ok = super()._run_epoch(painter, hand)
            run = self._runs.current
            number = run.command.run  # 0: there is none
            half = run.taken >= run.command.steps // 2
            if number not in (0, self._last_run) and half and log.exists():
                self._last_run = number
                began = time.perf_counter()
                for _ in WorkerOfflinePainter(painter, run.command.steps).paint():
                    self._frames.write_heartbeat(self._progress.step)
                painter.picture()
                with log.open("a", encoding="utf-8") as file:
                    print(time.perf_counter() - began, file=file)
            return ok

    backend.configure(job.session.engine.device, job.session.engine.precision)
    run_loop(InterleavingLoop, job, pipe)


async def sweep_s(server: ServerProcess, url: str, spec: Path, out: Path) -> float:
    """Seconds from the first point's beginning to the last one's end, by the results' clocks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "styletune", "sweep", str(spec), "--url", url, "-o", str(out),
        env={**os.environ, "STYLETUNE_TOKEN": server.token}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    # `time` is that of the picture; the first point began its own seconds before.
    return float(lines[-1]["time"] - lines[0]["time"] + lines[0]["seconds"])


async def measure(
    size: int, points: int, steps: int, rounds: int
) -> tuple[Rates, Rates, list[Round]]:
    """A client's rates before and during a sweep as it is, then all rounds, on one server."""
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session, spec, log = folder / "session.toml", folder / "sweep.toml", folder / "turns"
        content, style = map(samples.locate, ("harbour", "strokes"))
        session.write_text(_SESSION.format(size=size, content=content, style=style))
        spec.write_text(_SWEEP.format(points=points, steps=steps))
        command = ("benchmarks.server.sweep", "--serve", str(session), str(log))
        async with ServerProcess(folder, command=command) as server:
            websocket_url = await server.websocket_url()
            url = "http" + websocket_url.removeprefix("ws")
            async with RecordingClient(websocket_url, server.token) as client:
                await client.wait_for_state("running")
                await client.wait_for(lambda: len(client.epochs) > _FIRST_EPOCHS)
                before = await rates(client, asyncio.sleep(_QUIET_S))
                during = await rates(client, sweep_s(server, url, spec, folder / "first"))
                for number in range(rounds):
                    log.write_text("")
                    meter = machine.CpuMeter((os.getpid(), server.pid, server.worker_pid))
                    swept = await sweep_s(server, url, spec, folder / f"out{number}")
                    seconds = [float(line) for line in log.read_text().split()]
                    assert len(seconds) == points, seconds
                    found.append(Round(swept, sum(seconds), meter.other_cores()))
    return before, during, found


def main() -> int:
    """Measure and print the table."""
    parser = report.new_parser("server.sweep", __doc__)
    for name, default in (("size", 128), ("points", 24), ("steps", 40), ("rounds", 4)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        session_file, log = arguments.serve
        session = load(session_file).with_overrides(server={"port": 0})
        return serve_with_worker(session, functools.partial(paint_in_turns, log=Path(log)))
    before, during, rounds = asyncio.run(
        measure(arguments.size, arguments.points, arguments.steps, arguments.rounds)
    )
    note = (
        f"a client's epochs and pictures a second: {before.epochs:.1f} and {before.pictures:.1f} "
        f"before, {during.epochs:.1f} and {during.pictures:.1f} during a sweep (to reach: as many)"
    )
    table = report.new_table(
        f"a sweep of {arguments.points} points × {arguments.steps} steps, lite, "
        f"{arguments.size} px",
        ("", *(f"round {n}" for n in range(1, len(rounds) + 1)), "mean", "to reach"),
        (note,),
    )

    def add(name: str, of: Callable[[Round], float], form: str = ".2f", target: str = "") -> None:
        values = [of(round_) for round_ in rounds]
        mean = Estimate.of(values)
        cells = (f"{value:{form}}" for value in values)
        table.add_row(
            name, *cells, f"{mean.value:{form}} ± {mean.error:{form.lstrip('+')}}", target
        )

    add("the steps by paint, s", lambda r: r.paint_s)
    add("the sweep without them, s", lambda r: r.sweep_s - r.paint_s)
    add("more than paint", lambda r: r.cost, "+.1%", f"at most {TARGET:.0%}")
    add("cores of other programs", lambda r: r.other_cores)
    report.print_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
