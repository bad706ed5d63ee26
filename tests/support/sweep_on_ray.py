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
from styletune.sweeps.backends.ray import fleet
from styletune.sweeps.backends.server import Job
from styletune.sweeps.points import layout
from styletune.sweeps.result import Result
from styletune.sweeps.results import Folder
from styletune.sweeps.spec import load


async def main(file: str, out: str, size: str) -> None:
    plan = load(Path(file))
    folder = Folder(Path(out), plan)
    session = SessionConfig().with_overrides(
        pictures={"size": int(size)}, painting={"init": "noise"}
    )
    async with fleet("", session, 2, Console(stderr=True)) as studio:
        laid = layout(plan, studio.table, await studio.base(plan))
        jobs = [Job(p, folder.file_of(p), plan.steps, None, plan.start) for p in laid.points()]
        folder.begin(laid, await studio.base(plan), studio.painter)
        rate = await studio.steps_per_s(len(jobs))  # what that paints is in no picture
        before = await studio.about()
        steps: dict[int, list[int]] = defaultdict(list)

        def keep(result: Result, png: bytes) -> None:
            if not folder.done:  # one of them is in the midst of a point at this moment
                os.kill(before[1].pid, signal.SIGKILL)
            folder.keep(result, png)

        await studio.paint(jobs, lambda point, taken, _: steps[point.index].append(taken), keep)
    told = {"before": before, "after": [studio.done[number] for number in range(2)]}
    abouts = {when: [asdict(about) for about in abouts] for when, abouts in told.items()}
    print(json.dumps(abouts | {"rate": rate, "steps": steps}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
