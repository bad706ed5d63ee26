"""Storms of messages on a real painting: what comes through, and what they cost.

Windows with a storm take turns with windows in which as much is sent to a port that nobody
plays. Beside the steps lost, which other programs disturb, stands the processor time that a storm
takes, which they hardly do.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
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
        hands_cores: cores that server and agent had.
        other_cores: cores that programs had which are none of ours.
    """

    steps_per_s: float
    step_cpu_s: float
    hands_cores: float
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

    def taken(self) -> list[float]:
        """Cores that each storm took for server and agent."""
        return [storm.hands_cores - quiet.hands_cores for quiet, storm in self.pairs]


def storms(rounds: int, size_px: int, jack: int) -> Storms:
    """What storms do to a real painting; each round begins with the other kind of window.

    Args:
        jack: process id of JACK, which is one of ours.
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
    hands, painter = machine.cpu_s(server) + machine.cpu_s(agent), machine.cpu_s(worker)
    last = blow()
    seconds, after = time.monotonic() - began, _painted(url, epoch["epoch"] + 1)
    hands = machine.cpu_s(server) + machine.cpu_s(agent) - hands
    painter = machine.cpu_s(worker) - painter
    steps = after["step"] - epoch["step"]
    window = Window(
        steps / (after["time"] - epoch["time"]),
        painter / steps,
        hands / seconds,
        machine.Busy.now(pids).others_since(busy, seconds),
    )
    return window, last


def _painted(url: str, number: int) -> Any:
    """The newest epoch, once that many have been painted."""
    while (epoch := get(url, "/api/state")["epoch"]) is None or epoch["epoch"] < number:
        time.sleep(0.05)
    return epoch
