"""Turns of a knob, followed from the controller to the worker's control block.

Each is noted where it is sent, at the agent's port and in the block, so that what JACK delays
and leaves out on a busy machine is told from what we do.
"""

import asyncio
import functools
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.midi.jack import (
    KNOBS,
    TOKEN,
    Controller,
    Noted,
    TappedPorts,
    noted,
    pick_up,
    process,
    until,
    url_of,
)
from styletune.config import SessionConfig
from styletune.controls import ControlTable
from styletune.images import samples
from styletune.ipc.commands import Report, State, Stop, WorkerConfig
from styletune.ipc.control_block import ControlBlock
from styletune.midi_agent.agent import MidiAgent, server_address
from styletune.server import options
from styletune.server.options import ServerOptions
from styletune.server.serve import serve
from styletune.supervisor.supervisor import Supervisor

_LOOK_S = 0.0002
_TURN_S = 0.080  # between turns: a smoothed one has arrived, and JACK is not late by so much


def watch(job: WorkerConfig, pipe: Connection, *, log: str) -> None:
    """A worker that writes down when it sees which position of the first style fader."""
    table: ControlTable = job.session.table()
    block = ControlBlock.attach(job.control_block, table)
    name = f"style.{table.layers[0]}"
    pipe.send(Report(State.PAUSED, device="stand-in", network="lite"))
    with Path(log).open("w") as file:
        while not (pipe.poll() and isinstance(pipe.recv(), Stop)):
            if block.newer and (state := block.read()) is not None:
                file.write(f"{time.monotonic()} {state.positions[name]}\n")
                file.flush()
            time.sleep(_LOOK_S)


def serve_noting(log: str) -> int:
    """`styletune serve` with a worker that notes what it sees."""
    session = SessionConfig().with_overrides(
        pictures={
            "content": str(samples.locate("harbour")),
            "styles": (str(samples.locate("strokes")),),
        },
        server={"port": 0},
    )

    def make_painter(session: SessionConfig, folder: Path) -> Supervisor:
        return Supervisor(session, folder=folder, target=functools.partial(watch, log=log))

    entrance = ServerOptions(token=options.resolve_token(None))
    return serve(session, open_browser=False, options=entrance, make_worker=make_painter)


def play_noting(log: str, url: str) -> int:
    """`styletune midi`, its port tapped."""

    async def run() -> None:
        agent = MidiAgent(TappedPorts(Path(log)), "bench", lambda line: print(line, flush=True))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(agent.watch_ports())
            tasks.create_task(agent.play(server_address(url, TOKEN)))

    asyncio.run(run())
    return 0


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one turn: seconds from one place to the next; None: it was lost there.

    Attributes:
        port: from the controller to the agent's port: JACK's.
        moved: from there until the worker's control block begins to move.
        there: from there until it has arrived.
    """

    port: float | None
    moved: float | None = None
    there: float | None = None


def latency(turns: int) -> list[Turn]:
    """Turn a knob step by step, and see when each step comes by."""
    with tempfile.TemporaryDirectory() as name:
        seen, heard = Path(name) / "seen", Path(name) / "heard"
        with process("benchmarks.midi.controllers", "--serve", str(seen)) as server:
            url = url_of(server)
            with (
                closing(Controller()) as controller,
                process(
                    "benchmarks.midi.controllers", "--agent", str(heard), "--url", url
                ) as agent,
            ):
                until(agent.stdout, "connected to")
                time.sleep(1)
                pick_up(controller, url)
                sent = []
                for turn in range(turns):
                    sent.append((controller.turn(KNOBS[0], 40 + turn % 60), 40.0 + turn % 60))
                    time.sleep(_TURN_S)
                time.sleep(0.5)
        return traced(sent, noted(heard), noted(seen))


def traced(sent: Noted, heard: Noted, seen: Noted) -> list[Turn]:
    """Follow each turn until the next one is sent.

    Args:
        heard: values at the agent's port.
        seen: positions in the control block.
    """
    ends = [at for at, _ in sent[1:]] + [sent[-1][0] + _TURN_S]
    found = []
    for (at, value), end in zip(sent, ends, strict=True):
        port = next((h for h, what in heard if at <= h < end and what == value), None)
        if port is None:
            found.append(Turn(None))
            continue
        within = [(s - port, place) for s, place in seen if port <= s < end]
        place = value / 127
        there = next((s for s, what in within if abs(what - place) < 1e-9), None)
        found.append(Turn(port - at, within[0][0] if within else None, there))
    return found
