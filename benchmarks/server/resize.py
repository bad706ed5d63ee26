"""What a change of size costs while it paints: the longest wait between two pictures.

    python -m benchmarks.server.resize [--network lite]

One server, one client; the size control goes through a few sizes and back. Beside it the longest
wait of an undisturbed stretch of the same run. Takes about two minutes.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.common import report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess
from styletune.config import SessionConfig
from styletune.networks import NETWORKS

_SIZES_PX = (256, 384, 256, 128, 512, 256)
_WINDOW_S = 6.0
# On two cores the model of a larger picture is made in seconds, while the present one paints on.
_TIMEOUT_S = 120.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = report.new_parser("server.resize", __doc__)
    parser.add_argument("--network", choices=NETWORKS, default="lite")
    parser.add_argument("--weights", metavar="FILE")
    arguments = parser.parse_args(argv)
    table = report.new_table(
        f"changes of size, {arguments.network}",
        ("change", "until the first picture of it", "longest wait between two pictures"),
    )
    for name, until_s, longest_s in asyncio.run(measure(arguments)):
        until = "" if until_s is None else report.seconds(until_s)
        table.add_row(name, until, report.milliseconds(longest_s))
    report.print_table(table)
    return 0


async def measure(arguments: argparse.Namespace) -> list[tuple[str, float | None, float]]:
    """Each change, seconds until its first picture, and the longest wait meanwhile and after."""
    with tempfile.TemporaryDirectory(prefix="styletune-benchmark-") as name:
        session_file = Path(name) / "session.toml"
        lines = ["[network]", f'name = "{arguments.network}"']
        if arguments.weights:
            lines.append(f"weights = {json.dumps(str(Path(arguments.weights).absolute()))}")
        session_file.write_text("\n".join(lines), encoding="utf-8")
        async with (
            ServerProcess(Path(name), str(session_file)) as server,
            RecordingClient(await server.websocket_url(), server.token) as client,
        ):
            await _wait_for_size(client, _SIZES_PX[0])
            client.pictures.clear()
            rows: list[tuple[str, float | None, float]] = [("none", None, await _longest(client))]
            fader = SessionConfig().table()["size"]
            for before, after in pairwise(_SIZES_PX):
                client.pictures.clear()
                began = time.perf_counter()
                await client.set({"size": fader.position(after)})
                await _wait_for_size(client, after)
                until_s = time.perf_counter() - began
                rows.append((f"{before} → {after} px", until_s, await _longest(client)))
            return rows


async def _longest(client: RecordingClient) -> float:
    """Let it paint for some seconds more; the longest wait between two pictures so far."""
    ends = time.perf_counter() + _WINDOW_S
    await client.wait_for(lambda: time.perf_counter() > ends)
    return max(later.at - earlier.at for earlier, later in pairwise(client.pictures))


async def _wait_for_size(client: RecordingClient, size_px: int) -> None:
    async with asyncio.timeout(_TIMEOUT_S):
        await client.wait_for(
            lambda: (
                client.state.get("state") == "running"
                and max(client.state["width"], client.state["height"]) == size_px
            )
        )


if __name__ == "__main__":
    sys.exit(main())
