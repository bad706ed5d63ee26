"""One network, measured from the start of its server to its end.

In: a session file and a plan; out: figures, filled in as they are measured, so that what was
measured before the time is up is not lost. Server and bare step run in turn, never together.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.common import machine
from benchmarks.common.client import Epoch, Viewer
from benchmarks.common.processes import Bare, Served
from benchmarks.server.live_figures import Answer, Figures, Stretch, step_costs
from styletune import config

# After a pause: the first epoch ends the pause, the second finds cold caches.
_SKIPPED_EPOCHS = 2
_SEED = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured of one network.

    Attributes:
        rounds: how often server and bare step take turns.
        window_s: of each turn, seconds.
        answers_s: for the latency, seconds …
        answers: … but no more than so many, low and high.
    """

    rounds: int
    window_s: float
    answers_s: float
    answers: tuple[int, int]


Say = Callable[[str], None]


async def measure(
    figures: Figures, session_file: Path, control: str, folder: Path, plan: Plan, say: Say
) -> None:
    """Measure everything of one network.

    Args:
        figures: filled in; empty but for the network.
        control: the fader that is moved to measure the latency.
        folder: for logs.
        say: takes lines for people.

    Raises:
        ProcessError: a process did not start, or ended.
        ConnectionError: the server closed a socket or failed.
    """
    say("starting the server")
    async with Served(folder, str(session_file)) as server:
        async with Viewer(await server.address(), server.token) as viewer:
            await _start(figures, server, viewer, config.load(session_file).pictures.size)
            say(f"painting after {figures.first_painted_s:.1f} s; starting the bare step")
            await _pause(viewer)
            async with Bare(session_file, folder) as bare:
                await _describe(figures, bare)
                await _take_turns(figures, server, bare, viewer, plan, say)
            say("measuring the latency")
            await _resume(viewer)
            await _latency(figures, viewer, control, plan)
        worker = server.worker_pid
        figures.web_mb = machine.peak_mb(server.pid)
        figures.worker_mb = None if worker is None else machine.peak_mb(worker)


async def _start(figures: Figures, server: Served, viewer: Viewer, size_px: int) -> None:
    first = await viewer.until(lambda: next(iter(viewer.pictures), None))
    figures.first_picture_s = first.at - server.started
    painted = await viewer.until(lambda: next((p for p in viewer.pictures if p.step > 0), None))
    figures.first_painted_s = painted.at - server.started
    await viewer.be("running")
    figures.weights = viewer.state["weights"]
    # Coarse to fine: the first pictures are smaller.
    await viewer.until(lambda: max(viewer.state["width"], viewer.state["height"]) == size_px)


async def _describe(figures: Figures, bare: Bare) -> None:
    said = await bare.answer()
    figures.device, figures.backend = said["device"], said["backend"]
    figures.multiply_adds = said["multiply_adds"]


async def _take_turns(
    figures: Figures, server: Served, bare: Bare, viewer: Viewer, plan: Plan, say: Say
) -> None:
    """Bare step, server, bare step, …: what drifts on the machine then meets both alike."""
    web_s = painted_s = 0.0
    pids = (os.getpid(), server.pid, bare.pid, server.worker_pid)
    busy, started = machine.Busy.now(pids), time.perf_counter()
    await _run_bare(figures, bare, plan.window_s)
    for turn in range(1, plan.rounds + 1):
        say(f"round {turn} of {plan.rounds}")
        await _resume(viewer)
        before, since = machine.cpu_s(server.pid), time.perf_counter()
        served = await _epochs(viewer, plan.window_s)
        web_s += machine.cpu_s(server.pid) - before
        painted_s += time.perf_counter() - since
        await _pause(viewer)
        await _run_bare(figures, bare, plan.window_s)
        figures.served.append(step_costs(served))
        figures.epochs += served
        figures.web_cores = web_s / painted_s
        elapsed_s = time.perf_counter() - started
        figures.other_cores = machine.Busy.now(pids).others_since(busy, elapsed_s)


async def _run_bare(figures: Figures, bare: Bare, seconds: float) -> None:
    bursts = (await bare.answer(str(seconds)))["bursts"]
    figures.bare.append(step_costs(Stretch(burst_s, steps) for burst_s, steps in bursts))
    # The best of all turns: a peak is what is left when nothing disturbs.
    peak_flops = (await bare.answer("peak"))["peak_flops"]
    figures.peak_flops = max(figures.peak_flops or 0.0, peak_flops)


async def _epochs(viewer: Viewer, seconds: float) -> list[Stretch]:
    """Epochs as they are painted in some seconds, two at least."""
    ends = time.perf_counter() + seconds
    await viewer.until(lambda: time.perf_counter() > ends and len(viewer.epochs) > 2)
    return epochs_between(viewer.epochs)


def epochs_between(messages: list[Epoch]) -> list[Stretch]:
    """Length and steps of each epoch, from one message to the next."""
    return [
        Stretch(
            after.time - before.time,
            after.step - before.step,
            after.epoch - before.epoch,
            stepping_s=(after.step - before.step) / after.steps_per_s,
        )
        for before, after in pairwise(messages)
        if after.epoch > before.epoch
    ]


async def _pause(viewer: Viewer) -> None:
    await viewer.set({"paused": True})
    await viewer.be("paused")


async def _resume(viewer: Viewer) -> None:
    """Let it paint, until it does so at its usual pace."""
    await viewer.set({"paused": False})
    await viewer.be("running")
    viewer.epochs.clear()
    await viewer.until(lambda: len(viewer.epochs) > _SKIPPED_EPOCHS)
    del viewer.epochs[:-1]
    viewer.pictures.clear()


async def _latency(figures: Figures, viewer: Viewer, control: str, plan: Plan) -> None:
    """Move a fader at random moments, and wait for the picture that shows it."""
    rng = random.Random(_SEED)
    least, most = plan.answers
    ends = time.perf_counter() + plan.answers_s
    while len(figures.answers) < most:
        if len(figures.answers) >= least and time.perf_counter() > ends:
            break
        # A picture has just come: anywhere from now to the next one.
        await asyncio.sleep(rng.uniform(0, figures.epoch_s or 0.1))
        figures.answers.append(await _answer(viewer, control, rng.random()))


async def _answer(viewer: Viewer, control: str, position: float) -> Answer:
    viewer.pictures.clear()
    sent, sent_at = time.time(), time.perf_counter()
    rev = await viewer.set({control: position})
    picture = await viewer.until(
        lambda: next((picture for picture in viewer.pictures if picture.rev >= rev), None)
    )
    return Answer(total=picture.at - sent_at, painting=picture.time - sent)
