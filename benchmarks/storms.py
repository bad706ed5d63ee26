"""Storms of messages on a real painting: what comes through, and what they cost.

Windows with a storm take turns with windows in which as much is sent to a port that nobody
plays. Beside the steps lost, which other programs disturb, stands the processor time that a storm
takes, which they hardly do.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.hardware import (
    KNOBS,
    NOBODYS,
    STORM_S,
    Controller,
    get,
    let_talk,
    pick_up,
    process,
    url_of,
)
from benchmarks.processes import painter_of

_FIRST_EPOCHS = 80


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of a real painting.

    Attributes:
        steps_per_s: as the worker's own clock says.
        step_cpu_s: processor time of the worker for a step.
        server_cores, agent_cores: cores that each of them had.
        other_cores: cores that programs had which are none of ours.
    """

    steps_per_s: float
    step_cpu_s: float
    server_cores: float
    agent_cores: float
    other_cores: float


@dataclass(frozen=True, slots=True)
class Storms:
    """Windows of both kinds in pairs, and what came through."""

    pairs: list[tuple[Window, Window]]
    per_s: list[float]
    right: int
    of: int

    def lost(self) -> list[float]:
        """Part of the steps that each storm cost."""
        return [1 - storm.steps_per_s / quiet.steps_per_s for quiet, storm in self.pairs]

    def dearer(self) -> list[float]:
        """By how much a step took more processor time in each storm."""
        return [storm.step_cpu_s / quiet.step_cpu_s - 1 for quiet, storm in self.pairs]

    def taken(self) -> tuple[list[float], list[float]]:
        """Cores that each storm took for the server, and for the agent."""
        server = [storm.server_cores - quiet.server_cores for quiet, storm in self.pairs]
        return server, [storm.agent_cores - quiet.agent_cores for quiet, storm in self.pairs]


def storms(rounds: int, size_px: int, jack: int, *, apart: bool) -> Storms:
    """What storms do to a real painting; each round begins with the other kind of window.

    Args:
        jack: process id of JACK, which is one of ours.
        apart: the painter has a core to itself, and all that hands need has the others: so it is
            where a GPU paints, and where the agent runs on another machine.
    """
    arguments = ("--no-browser", "--port", "0", "--size", str(size_px))
    with process("styletune", "serve", *arguments) as server:
        url = url_of(server)
        controller, other = Controller(), Controller(NOBODYS)
        with process(
            "styletune", "midi", "--api", "jack", "--url", url, "--port", "bench", stream="stderr"
        ) as agent:
            let_talk(agent.stderr)
            # Tracing what hands may ask for takes time from the first steps.
            _painted(url, _FIRST_EPOCHS)
            pick_up(controller, url)
            painter = painter_of(server.pid)
            assert painter is not None  # it has just painted
            pids = (server.pid, agent.pid, painter, os.getpid(), jack)
            if apart:
                _part(painter, pids)
            found = Storms([], [], 0, 8 * rounds)
            right = 0
            for number in range(rounds):
                windows: dict[bool, Window] = {}
                for stormy in (False, True) if number % 2 else (True, False):
                    blow = (controller if stormy else other).storm
                    before = get(url, "/api/state")["rev"]
                    windows[stormy], last = _window(url, pids, blow)
                    state = get(url, "/api/state")
                    if stormy:
                        # Each message raises the revision once at most for each knob.
                        found.per_s.append((state["rev"] - before) / 8 / STORM_S)
                        right += sum(
                            abs(state["controls"][f"style.{layer}"] - last[knob] / 127) < 1e-6
                            for knob, layer in zip(KNOBS, state["layers"], strict=True)
                        )
                found.pairs.append((windows[False], windows[True]))
    return Storms(found.pairs, found.per_s, right, found.of)


def _window(
    url: str, pids: tuple[int, ...], blow: Callable[[], dict[int, int]]
) -> tuple[Window, dict[int, int]]:
    server, agent, worker, *_ = pids
    epoch, busy, began = get(url, "/api/state")["epoch"], machine.Busy.now(pids), time.monotonic()
    had = [machine.cpu_s(pid) for pid in (server, agent, worker)]
    last = blow()
    seconds, after = time.monotonic() - began, _painted(url, epoch["epoch"] + 1)
    took = [machine.cpu_s(pid) - s for pid, s in zip((server, agent, worker), had, strict=True)]
    steps = after["step"] - epoch["step"]
    window = Window(
        steps / (after["time"] - epoch["time"]),
        took[2] / steps,
        took[0] / seconds,
        took[1] / seconds,
        machine.Busy.now(pids).others_since(busy, seconds),
    )
    return window, last


def _part(painter: int, pids: tuple[int, ...]) -> None:
    """Give the painter's threads the first core, and all others the rest."""
    first, *rest = sorted(os.sched_getaffinity(0))
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), [first] if pid == painter else rest)


def _painted(url: str, number: int) -> Any:
    """The newest epoch, once that many have been painted."""
    while (epoch := get(url, "/api/state")["epoch"]) is None or epoch["epoch"] < number:
        time.sleep(0.05)
    return epoch
