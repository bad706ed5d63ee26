"""Turns of a knob, followed from the controller to the worker's control block.

Each is logged where it is sent, at the agent's port and in the block, so that what JACK delays
and leaves out on a busy machine is kept apart from what styletune does.
"""

import asyncio
import functools
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.common.server import sample_session, serve_with_worker
from benchmarks.midi.jack import (
    KNOBS,
    TOKEN,
    Controller,
    Events,
    RecordingPorts,
    base_url,
    process,
    read_events,
    wait_for_line,
)
from styletune.controls import ControlTable
from styletune.ipc.commands import Report, State, Stop, WorkerConfig
from styletune.ipc.control_block import ControlBlock
from styletune.midi_agent.agent import MidiAgent, server_address

_POLL_INTERVAL_S = 0.0002
_TURN_S = 0.080  # between turns: a smoothed one has arrived, and JACK is not late by so much


def record_positions(job: WorkerConfig, pipe: Connection, *, log: str) -> None:
    """Log when the first style fader is at which position. Runs in the worker's process."""
    table: ControlTable = job.session.table()
    block = ControlBlock.attach(job.control_block, table)
    name = f"style.{table.layers[0]}"
    pipe.send(Report(State.PAUSED, device="stand-in", network="lite"))
    with Path(log).open("w", encoding="utf-8") as file:
        while not (pipe.poll() and isinstance(pipe.recv(), Stop)):
            if block.has_newer and (state := block.read()) is not None:
                file.write(f"{time.monotonic()} {state.positions[name]}\n")
                file.flush()
            time.sleep(_POLL_INTERVAL_S)


def serve_recording(log: str) -> int:
    """Serve with a worker that logs its controls."""
    return serve_with_worker(sample_session(), functools.partial(record_positions, log=log))


def play_recording(log: str, url: str) -> int:
    """Run the agent on ports that log what comes in."""

    async def run() -> None:
        ports = RecordingPorts(Path(log))
        agent = MidiAgent(ports, "bench", lambda line: print(line, flush=True))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(agent.watch_ports())
            tasks.create_task(agent.play(server_address(url, TOKEN)))

    asyncio.run(run())
    return 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a knob: seconds from one place to the next; None: it was lost there.

    Attributes:
        port_s: from the controller to the agent's port: JACK's.
        moved_s: from there until the worker's control block begins to move.
        arrived_s: from there until it has arrived.
    """

    port_s: float | None
    moved_s: float | None = None
    arrived_s: float | None = None


def measure_turns(count: int) -> list[Turn]:
    """Turn a knob step by step, and follow each step."""
    with tempfile.TemporaryDirectory() as name:
        positions, messages = Path(name) / "positions", Path(name) / "messages"
        with process("benchmarks.midi.controllers", "--serve", str(positions)) as server:
            url = base_url(server)
            agent_arguments = ("--agent", str(messages), "--url", url)
            with (
                closing(Controller()) as controller,
                process("benchmarks.midi.controllers", *agent_arguments) as agent,
            ):
                wait_for_line(agent.stdout, "connected to")
                time.sleep(1)
                controller.pick_up(url)
                sent = []
                for turn in range(count):
                    value = 40 + turn % 60
                    sent.append((controller.turn(KNOBS[0], value), float(value)))
                    time.sleep(_TURN_S)
                time.sleep(0.5)
        return follow_turns(sent, read_events(messages), read_events(positions))


def follow_turns(sent: Events, messages: Events, positions: Events) -> list[Turn]:
    """Follow each turn until the next one is sent.

    Args:
        messages: values at the agent's port.
        positions: in the control block.
    """
    ends = [at for at, _ in sent[1:]] + [sent[-1][0] + _TURN_S]
    found = []
    for (at, value), end in zip(sent, ends, strict=True):
        port = next((m for m, what in messages if at <= m < end and what == value), None)
        if port is None:
            found.append(Turn(None))
            continue
        within = [(p - port, position) for p, position in positions if port <= p < end]
        arrived = (p for p, position in within if abs(position - value / 127) < 1e-9)
        found.append(Turn(port - at, within[0][0] if within else None, next(arrived, None)))
    return found
