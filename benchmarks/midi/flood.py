"""Floods of MIDI messages on a real painting: what comes through, and what they cost.

Windows with a flood take turns with windows in which as much is sent to a port that no agent
opens, and with windows in which nothing is sent: so what the fake controller and JACK cost is
kept apart from what styletune does. Beside the steps lost, which other programs disturb, stands
the processor time that a flood takes, which they hardly do.
"""

import itertools
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import machine
from benchmarks.common.processes import worker_pid
from benchmarks.midi.jack import (
    FLOOD_S,
    KNOBS,
    UNCONNECTED,
    Controller,
    base_url,
    get,
    process,
    wait_for_connection,
)

_FIRST_EPOCHS = 80


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of a real painting.

    Attributes:
        steps_per_s: by the worker's own clock.
        step_cpu_s: processor time of the worker for a step.
        server_cores, agent_cores: cores that each of them had.
        other_cores: cores that programs had which are not measured.
    """

    steps_per_s: float
    step_cpu_s: float
    server_cores: float
    agent_cores: float
    other_cores: float


class Round(NamedTuple):
    """One window of each kind.

    Attributes:
        quiet: nothing is sent.
        unconnected: a flood, to a port that no agent opens.
        flood: the same, to the one that the agent plays.
    """

    quiet: Window
    unconnected: Window
    flood: Window


@dataclass(frozen=True, slots=True)
class FloodResult:
    """Windows of all kinds, and what came through.

    Attributes:
        moves_per_s: of a knob, in each flood.
        correct, expected: how many last values arrived, of how many.
    """

    rounds: list[Round]
    moves_per_s: list[float]
    correct: int
    expected: int

    def lost_steps(self) -> tuple[list[float], list[float], list[float]]:
        """Part of the steps that each flood cost: in all, by being sent, and by being played."""
        rates = [[window.steps_per_s for window in windows] for windows in self.rounds]
        return (
            [1 - flood / quiet for quiet, _, flood in rates],
            [1 - unconnected / quiet for quiet, unconnected, _ in rates],
            [1 - flood / unconnected for _, unconnected, flood in rates],
        )

    def step_cpu_increase(self) -> list[float]:
        """By how much a step took more processor time in each flood that was played."""
        return [flood.step_cpu_s / beside.step_cpu_s - 1 for _, beside, flood in self.rounds]

    def cores(self) -> tuple[list[float], list[float]]:
        """Cores that playing each flood took for the server, and for the agent."""
        return (
            [flood.server_cores - beside.server_cores for _, beside, flood in self.rounds],
            [flood.agent_cores - beside.agent_cores for _, beside, flood in self.rounds],
        )


def measure_floods(rounds: int, size_px: int, jack: int, *, apart: bool) -> FloodResult:
    """Flood a real painting; six rounds have the windows in all six orders.

    Args:
        jack: process id of JACK, which is measured, too.
        apart: the worker has a core to itself, and everything else the others: so it is where a
            GPU paints, and where the agent runs on another machine.
    """
    arguments = ("--no-browser", "--port", "0", "--size", str(size_px))
    with process("styletune", "serve", *arguments) as server:
        url = base_url(server)
        agent_arguments = ("--api", "jack", "--url", url, "--port", "bench")
        with (
            closing(Controller()) as controller,
            closing(Controller(UNCONNECTED)) as unconnected,
            process("styletune", "midi", *agent_arguments, stream="stderr") as agent,
        ):
            wait_for_connection(agent.stderr)
            # Tracing what controls may call for takes time from the first steps.
            _wait_for_epoch(url, _FIRST_EPOCHS)
            controller.pick_up(url)
            worker = worker_pid(server.pid)
            assert worker is not None  # it has just painted
            pids = (server.pid, agent.pid, worker, os.getpid(), jack)
            if apart:
                _pin(worker, pids)
            senders = {"quiet": _rest, "unconnected": unconnected.flood, "flood": controller.flood}
            found, moves_per_s, correct = [], [], 0
            orders = itertools.cycle(itertools.permutations(Round._fields))
            for order in itertools.islice(orders, rounds):
                windows: dict[str, Window] = {}
                for kind in order:
                    before = get(url, "/api/state")["rev"]
                    windows[kind], last = _measure_window(url, pids, senders[kind])
                    state = get(url, "/api/state")
                    if kind == "flood":
                        # Each revision moves a knob once at most.
                        moves_per_s.append((state["rev"] - before) / FLOOD_S)
                        correct += sum(
                            abs(state["controls"][f"style.{layer}"] - last[knob] / 127) < 1e-6
                            for knob, layer in zip(KNOBS, state["layers"], strict=True)
                        )
                found.append(Round(**windows))
    return FloodResult(found, moves_per_s, correct, len(KNOBS) * rounds)


def _rest() -> dict[int, int]:
    """Take as long as a flood, but send nothing."""
    time.sleep(FLOOD_S + 0.7)
    return {}


def _measure_window(
    url: str, pids: tuple[int, ...], send: Callable[[], dict[int, int]]
) -> tuple[Window, dict[int, int]]:
    server, agent, worker, *_ = pids
    before, worker_s = get(url, "/api/state")["epoch"], machine.cpu_s(worker)
    meter = machine.CpuMeter(pids)
    last = send()
    server_cores, agent_cores = meter.cores(server), meter.cores(agent)
    after = _wait_for_epoch(url, before["epoch"] + 1)
    steps = after["step"] - before["step"]
    window = Window(
        steps_per_s=steps / (after["time"] - before["time"]),
        step_cpu_s=(machine.cpu_s(worker) - worker_s) / steps,
        server_cores=server_cores,
        agent_cores=agent_cores,
        other_cores=meter.other_cores(),
    )
    return window, last


def _pin(worker: int, pids: tuple[int, ...]) -> None:
    """Give the worker's threads the first core, and all others the rest."""
    first, *rest = sorted(os.sched_getaffinity(0))
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), [first] if pid == worker else rest)


def _wait_for_epoch(url: str, number: int) -> Any:
    """The newest epoch, once that many have been painted."""
    while (epoch := get(url, "/api/state")["epoch"]) is None or epoch["epoch"] < number:
        time.sleep(0.05)
    return epoch
