"""Fault injection: with `STYLETUNE_FAULTS=1`, the faults that `STYLETUNE_FAULT` names happen.

`nan@200 kill@500`: each once, in the worker that passes the step. Real faults wherever that does
no harm: memory that no machine has, a file-size limit, SIGKILL to oneself.
"""

import os
import re
import resource
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import ops

from styletune.errors import ConfigError
from styletune.ipc.frame_block import FrameBlock

ALLOWED, PLAN = "STYLETUNE_FAULTS", "STYLETUNE_FAULT"

_SLOW_S, _SLOW_EPOCHS = 1.0, 5
_EXIT_CODE = 3
_BEYOND_ADDRESSES = 1 << 50  # bytes: no allocator even tries


class FaultInjector:
    """The faults that lie ahead of this worker.

    Args:
        plan: as in the environment; "" for none.
        first_step: of this worker: faults of earlier steps have happened.

    Raises:
        ConfigError: no such plan.
    """

    def __init__(self, plan: str, first_step: int) -> None:
        self._slow = 0
        self._pending = [fault for fault in parse(plan) if fault[1] >= first_step]

    def inject(self, step: int, painter: Any, frames: FrameBlock) -> None:
        """Cause the faults that are due after `step` steps."""
        if self._slow:
            self._slow -= 1
            time.sleep(_SLOW_S)
        while self._pending and self._pending[0][1] <= step:
            kind, at = self._pending.pop(0)
            print(f"fault on purpose: {kind}@{at}", flush=True)
            if kind == "slow":
                self._slow = _SLOW_EPOCHS
            else:
                _FAULTS[kind](painter, frames)


def from_environment(first_step: int, environment: Mapping[str, str] = os.environ) -> FaultInjector:
    """The faults that the environment asks for.

    Raises:
        ConfigError: it asks for some and does not allow any, or for unknown ones.
    """
    plan = environment.get(PLAN, "")
    if plan and environment.get(ALLOWED) != "1":
        raise ConfigError(f"{PLAN} is refused unless {ALLOWED}=1; received {PLAN}={plan}")
    return FaultInjector(plan, first_step)


def parse(plan: str) -> list[tuple[str, int]]:
    """Kinds and steps, in the order of steps.

    Raises:
        ConfigError: not of the form `kind@step …`.
    """
    found = []
    for word in plan.split():
        match = re.fullmatch(r"(\w+)@([0-9]{1,9})", word)
        if match is None or match[1] not in KINDS:
            raise ConfigError(
                f"{PLAN} is a list of KIND@STEP, with kinds {', '.join(KINDS)}; received {word!r}"
            )
        found.append((match[1], int(match[2])))
    return sorted(found, key=lambda fault: fault[1])


def _nan(painter: Any, frames: FrameBlock) -> None:
    image = painter.model.image
    image.assign(ops.full(image.shape, np.nan))


def _hang(painter: Any, frames: FrameBlock) -> None:
    while True:
        time.sleep(3600)


def _exit(painter: Any, frames: FrameBlock) -> None:
    os._exit(_EXIT_CODE)


def _oom(painter: Any, frames: FrameBlock) -> None:
    ops.zeros((_BEYOND_ADDRESSES,), "uint8")


def _kill(painter: Any, frames: FrameBlock) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _corrupt_frame(painter: Any, frames: FrameBlock) -> None:
    """Change the newest picture and leave its checksum."""
    frames.corrupt()


def _diskfull(painter: Any, frames: FrameBlock) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))


_FAULTS: Mapping[str, Callable[[Any, FrameBlock], None]] = {
    "nan": _nan,
    "hang": _hang,
    "exit": _exit,
    "oom": _oom,
    "kill": _kill,
    "torn": _corrupt_frame,
    "diskfull": _diskfull,
}
KINDS = (*_FAULTS, "slow")
