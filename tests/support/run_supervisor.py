"""A web process in small: a supervisor with the stand-in worker, for tests to send signals to.

Prints `parent`, `worker <pid>` with the first frame, `spare` once there is one, if there is to
be one, `interrupted` at each SIGINT, `reports <states>` and `ended` after SIGTERM.

Run as: python -m tests.support.run_supervisor FOLDER [spare]
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from styletune.config import parse
from styletune.ipc.commands import Report
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.supervisor.supervisor import Supervisor
from tests.support.standin_worker import paint, warm_up


async def main(folder: Path, *options: str) -> None:
    content = folder / "content"
    content.write_text("1")
    session = parse(
        {"pictures": {"content": str(content), "styles": [str(content)], "size": 32}}, "test"
    )
    supervisor = Supervisor(
        session,
        folder=folder,
        target=paint,
        warm_up=warm_up if "spare" in options else None,
        timeouts=SupervisorTimeouts(standby_after_s=0.1),
    )
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGINT, lambda: print("interrupted", flush=True))
    print("parent", os.getpid(), flush=True)
    states: list[str] = []

    async def note_reports() -> None:
        async for report in supervisor.reports():
            if isinstance(report, Report):
                states.append(report.state.value)

    await supervisor.start()
    noting = asyncio.create_task(note_reports())
    async for frame in supervisor.frames():
        print("worker", round(frame.total), flush=True)
        break
    while "spare" in options and not supervisor.standby_ready:
        await asyncio.sleep(0.01)
    if "spare" in options:
        print("spare", flush=True)
    await ended.wait()
    await supervisor.stop()
    await noting
    print("reports", *states, flush=True)
    print("ended", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
