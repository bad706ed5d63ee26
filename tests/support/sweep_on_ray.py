"""A sweep on two Ray actors, one of which is killed.

Run as: python -m tests.support.sweep_on_ray PLAN OUT SIZE

Prints as JSON what the actors did, before and after, and what was told of each point meanwhile.
"""

import asyncio
import json
import os
import signal
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from styletune.config import SessionConfig
from styletune.sweeps.backends.ray import open_ray
from styletune.sweeps.backends.server import Job
from styletune.sweeps.points import lay_out
from styletune.sweeps.results import Result, ResultsFolder
from styletune.sweeps.spec import load


async def main(file: str, out: str, size: str) -> None:
    spec = load(Path(file))
    folder = ResultsFolder(Path(out), spec)
    session = SessionConfig().with_overrides(
        pictures={"size": int(size)}, painting={"init": "noise"}
    )
    async with open_ray("", session, 2, Console(stderr=True)) as backend:
        layout = lay_out(spec, backend.table, await backend.base(spec))
        jobs = [Job(p, folder.file_of(p), spec.steps, None, spec.start) for p in layout.points()]
        folder.start(layout, await backend.base(spec), backend.painter)
        rate = await backend.steps_per_s(len(jobs))  # what that paints is in no picture
        before = await backend.actor_infos()
        steps: dict[int, list[int]] = defaultdict(list)

        def on_result(result: Result, png: bytes) -> None:
            if not folder.done:  # one of them is in the midst of a point at this moment
                os.kill(before[1].pid, signal.SIGKILL)
            folder.add(result, png)

        await backend.paint(
            jobs, lambda point, taken, _: steps[point.index].append(taken), on_result
        )
    told = {"before": before, "after": [backend.finished[number] for number in range(2)]}
    abouts = {when: [asdict(about) for about in abouts] for when, abouts in told.items()}
    print(json.dumps(abouts | {"rate": rate, "steps": steps}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
