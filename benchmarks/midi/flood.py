"""Storms of messages on a real painting: what comes through, and what they cost.

Windows with a storm take turns with windows in which as much is sent to a port that nobody
plays, and with windows in which nothing is sent: so what the fake controller and JACK cost is told
from what we do. Beside the steps lost, which other programs disturb, stands the processor time
that a storm takes, which they hardly do.
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
from benchmarks.common.processes import painter_of
from benchmarks.midi.jack import (
    KNOBS,
    NOBODYS,
    STORM_S,
    Controller,
    get,
    let_talk,
    pick_up,
    process,
    rest,
    url_of,
)

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


class Round(NamedTuple):
    """One window of each kind.

    Attributes:
        quiet: nothing is sent.
        unheard: a storm, to a port that nobody plays.
        storm: the same, to the one that the agent plays.
    """

    quiet: Window
    unheard: Window
    storm: Window


@dataclass(frozen=True, slots=True)
class Storms:
    """Windows of all kinds, and what came through."""

    rounds: list[Round]
    per_s: list[float]
    right: int
    of: int

    def lost(self) -> tuple[list[float], list[float], list[float]]:
        """Part of the steps that each storm cost: in all, by being sent, and by being played."""
        rates = [[window.steps_per_s for window in windows] for windows in self.rounds]
        return (
            [1 - storm / quiet for quiet, _, storm in rates],
            [1 - unheard / quiet for quiet, unheard, _ in rates],
            [1 - storm / unheard for _, unheard, storm in rates],
        )

    def dearer(self) -> list[float]:
        """By how much a step took more processor time in each storm that was played."""
        return [storm.step_cpu_s / unheard.step_cpu_s - 1 for _, unheard, storm in self.rounds]

    def taken(self) -> tuple[list[float], list[float]]:
        """Cores that playing each storm took for the server, and for the agent."""
        server = [storm.server_cores - unheard.server_cores for _, unheard, storm in self.rounds]
        return server, [w.storm.agent_cores - w.unheard.agent_cores for w in self.rounds]


def storms(rounds: int, size_px: int, jack: int, *, apart: bool) -> Storms:
    """What storms do to a real painting; six rounds have the windows in all six orders.

    Args:
        jack: process id of JACK, which is one of ours.
        apart: the painter has a core to itself, and all that hands need has the others: so it is
            where a GPU paints, and where the agent runs on another machine.
    """
    arguments = ("--no-browser", "--port", "0", "--size", str(size_px))
    with process("styletune", "serve", *arguments) as server:
        url = url_of(server)
        with (
            closing(Controller()) as controller,
            closing(Controller(NOBODYS)) as nobodys,
            process(
                "styletune", "midi", "--api", "jack", "--url", url, "--port", "bench",
                stream="stderr",
            ) as agent,
        ):  # fmt: skip
            let_talk(agent.stderr)
            # Tracing what hands may ask for takes time from the first steps.
            _painted(url, _FIRST_EPOCHS)
            pick_up(controller, url)
            painter = painter_of(server.pid)
            assert painter is not None  # it has just painted
            pids = (server.pid, agent.pid, painter, os.getpid(), jack)
            if apart:
                _part(painter, pids)
            blows = {"quiet": rest, "unheard": nobodys.storm, "storm": controller.storm}
            found = Storms([], [], 0, 8 * rounds)
            right = 0
            orders = itertools.cycle(itertools.permutations(Round._fields))
            for order in itertools.islice(orders, rounds):
                windows: dict[str, Window] = {}
                for kind in order:
                    before = get(url, "/api/state")["rev"]
                    windows[kind], last = _window(url, pids, blows[kind])
                    state = get(url, "/api/state")
                    if kind == "storm":
                        # Each revision moves a knob once at most.
                        found.per_s.append((state["rev"] - before) / STORM_S)
                        right += sum(
                            abs(state["controls"][f"style.{layer}"] - last[knob] / 127) < 1e-6
                            for knob, layer in zip(KNOBS, state["layers"], strict=True)
                        )
                found.rounds.append(Round(**windows))
    return Storms(found.rounds, found.per_s, right, found.of)


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
