"""Steps without a loop around them, served to another process: seconds in, bursts of steps out.

One command a line on stdin, one line of JSON each on stdout. Imports nothing of styletune, so that
what styletune is compared with can run in an environment of its own.
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

BURST_S = 0.4  # the median of short times lies below that of long ones
WARM_UP_STEPS = 3


class Steps(Protocol):
    """What can take steps."""

    def description(self) -> dict[str, Any]:
        """What paints on what."""

    def take(self, steps: int) -> None:
        """Take steps, and wait until the last one is done."""

    def commands(self) -> Mapping[str, Callable[[], float]]:
        """Further figures, by the command that asks for them."""


def serve_steps(make: Callable[[], Steps]) -> None:
    """Answer each line on stdin until it ends: `run SECONDS`, or one of the `commands`."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to stderr
    steps = make()
    print(json.dumps(steps.description()), file=answers, flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "run":
            answer: dict[str, Any] = {"bursts": bursts(steps, float(arguments[0]))}
        else:
            answer = {command: steps.commands()[command]()}
        print(json.dumps(answer), file=answers, flush=True)


def bursts(steps: Steps, seconds: float) -> list[tuple[float, int]]:
    """Take steps for some seconds; returns the seconds and steps of each burst."""
    step_s = _timed(steps, 1)  # the first after a pause finds cold caches
    ends = time.perf_counter() + seconds
    found: list[tuple[float, int]] = []
    while not found or time.perf_counter() < ends:
        count = max(1, math.ceil(BURST_S / step_s))
        taken_s = _timed(steps, count)
        step_s = taken_s / count
        found.append((taken_s, count))
    return found


def _timed(steps: Steps, count: int) -> float:
    started = time.perf_counter()
    steps.take(count)
    return time.perf_counter() - started
