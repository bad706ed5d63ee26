"""The laboratory sheet: what it costs in steps, and how long a drawing takes.

    python -m benchmarks.server.lab [--size 256] [--rounds 12] [--seconds 5]

The real server, painting with the default layers over loopback. In turns nobody looks, and a page
looks into one layer after the other, each second another one, as a hand on its way over the desk
does. Takes about two minutes. Exit code 1 where a target was missed.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from statistics import median

import httpx

from benchmarks.common import report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess
from benchmarks.common.report import Row
from benchmarks.common.turns import Estimate, take_turns_async
from styletune.config import SessionConfig

MOST_PERCENT = 3.0  # of the steps
ALL_LAYERS_MS = 50.0
_FIRST_STEPS = 50  # before the first turn: until epochs have their length
_OBSERVATIONS = 15


def observe_all_s(session: SessionConfig) -> float:
    """The median time of observing all layers of the painting, without drawing them."""
    from styletune.engine.canvas import Canvas
    from styletune.lab.observation import observe

    painter = Canvas(session, session.positions(), session.pictures.size).build_painter()
    times = []
    for _ in range(_OBSERVATIONS):
        started = time.perf_counter()
        observe(painter.solver.features, painter.pixels(), painter.layers)
        times.append(time.perf_counter() - started)
    return median(times)


async def measure(arguments: argparse.Namespace) -> tuple[Estimate, float]:
    """What a step costs with the sheet open, as a part of one without; and a drawing's time, s."""
    layers = SessionConfig().network.selected_layers
    drawings: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        flags = ("--size", str(arguments.size), "--no-spare")
        server = await stack.enter_async_context(ServerProcess(folder, *flags))
        url = await server.websocket_url()
        client = await stack.enter_async_context(RecordingClient(url, server.token))
        page = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url="http" + url.removeprefix("ws"),
                headers={"Authorization": f"Bearer {server.token}"},
            )
        )
        await client.wait_for(
            lambda: (client.epochs and client.epochs[-1].step > _FIRST_STEPS) or None
        )
        turn = count()

        async def look() -> None:
            while True:
                layer = layers[next(turn) % len(layers)]
                started = time.perf_counter()
                (await page.get(f"api/layers/{layer}.webp")).raise_for_status()
                drawings.append(time.perf_counter() - started)
                await asyncio.sleep(max(0.0, started + 1 - time.perf_counter()))

        async def closed() -> list[float]:
            client.epochs.clear()
            await asyncio.sleep(arguments.seconds)
            first, last = client.epochs[0], client.epochs[-1]
            return [(last.time - first.time) / (last.step - first.step)]

        async def opened() -> list[float]:
            looking = asyncio.create_task(look())
            try:
                return await closed()
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

        turns = await take_turns_async({"closed": closed, "open": opened}, arguments.rounds)
    return turns.ratio("open", "closed"), median(drawings)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("server.lab", __doc__)
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="(default 256)")
    parser.add_argument("--rounds", type=int, default=12, metavar="N", help="(default 12)")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="(default 5)")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    ratio, drawing_s = asyncio.run(measure(arguments))
    session = SessionConfig().with_overrides(pictures={"size": arguments.size})
    rows = [
        Row("steps lost while the sheet is open", 100 * (1 - 1 / ratio.value), MOST_PERCENT, "%"),
        Row(
            "a drawing, from request to answer, with the wait for its turn",
            drawing_s * 1e3,
            None,
            "ms",
        ),
        Row("all layers observed", observe_all_s(session) * 1e3, ALL_LAYERS_MS, "ms"),
    ]
    notes = (
        f"a step takes {ratio} of the time, in {arguments.rounds} rounds of "
        f"{arguments.seconds:g} s; load average before: {load:.1f}",
    )
    return report.print_rows("laboratory", rows, notes)


if __name__ == "__main__":
    sys.exit(main())
