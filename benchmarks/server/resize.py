"""What a change of size costs while it paints: the longest wait between two pictures.

`python -m benchmarks.server.resize [--network lite]`. One server, one viewer; the size control goes
through a few sizes and back. Beside it the longest wait of an undisturbed stretch of the same run.
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

from rich.console import Console
from rich.table import Table

from benchmarks.common.client import Viewer
from benchmarks.common.processes import Served
from styletune.config import NETWORKS, SessionConfig

_SIZES_PX = (256, 384, 256, 128, 512, 256)
_STILL_S = 6.0
# On two cores the model of a larger picture is made in seconds, while the present one paints on.
_PATIENCE_S = 120.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server.resize", description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="lite")
    parser.add_argument("--weights", metavar="FILE")
    rows = asyncio.run(_measure(parser.parse_args(argv)))
    table = Table("change", "until the first picture of it", "longest wait between two pictures")
    for what, until_s, longest_s in rows:
        table.add_row(what, f"{until_s:.1f} s" if until_s else "", f"{longest_s * 1e3:.0f} ms")
    Console().print(table)
    return 0


async def _measure(arguments: argparse.Namespace) -> list[tuple[str, float, float]]:
    with tempfile.TemporaryDirectory(prefix="styletune-benchmark-") as name:
        session_file = Path(name) / "session.toml"
        lines = ["[network]", f'name = "{arguments.network}"']
        if arguments.weights:
            lines.append(f"weights = {json.dumps(str(Path(arguments.weights).absolute()))}")
        session_file.write_text("\n".join(lines), encoding="utf-8")
        async with (
            Served(Path(name), str(session_file)) as server,
            Viewer(await server.address(), server.token) as viewer,
        ):
            return await _changes(viewer)


async def _changes(viewer: Viewer) -> list[tuple[str, float, float]]:
    await _at(viewer, _SIZES_PX[0])
    rows = [("none", 0.0, await _stand(viewer))]
    row = SessionConfig().table()["size"]
    for before, after in pairwise(_SIZES_PX):
        viewer.pictures.clear()
        asked = time.perf_counter()
        await viewer.set({"size": row.position(after)})
        await _at(viewer, after)
        until_s = time.perf_counter() - asked
        rest_s = await _stand(viewer, clear=False)
        rows.append((f"{before} → {after} px", until_s, rest_s))
    return rows


async def _stand(viewer: Viewer, *, clear: bool = True) -> float:
    """Let it paint for some seconds; the longest wait between two pictures."""
    if clear:
        viewer.pictures.clear()
    ends = time.perf_counter() + _STILL_S
    await viewer.until(lambda: time.perf_counter() > ends)
    return max(later.at - earlier.at for earlier, later in pairwise(viewer.pictures))


async def _at(viewer: Viewer, size_px: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await viewer.until(
            lambda: (
                viewer.state.get("state") == "running"
                and max(viewer.state["width"], viewer.state["height"]) == size_px
            )
        )


if __name__ == "__main__":
    sys.exit(main())
