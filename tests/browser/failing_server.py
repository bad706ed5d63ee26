"""`styletune serve` with a worker that has given up once, and paints when it is restarted.

Run as: python -m tests.browser.failing_server FOLDER
"""

import functools
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.common.stand_in import paint
from styletune.config import SessionConfig
from styletune.images import samples
from styletune.ipc.commands import Report, State, Stop, WorkerConfig
from styletune.server import options
from styletune.server.options import ServerOptions
from styletune.server.serve import serve
from styletune.supervisor.supervisor import Supervisor


def give_up_once(job: WorkerConfig, pipe: Connection, *, mark: Path) -> None:
    """Fail for a reason that another try does not mend; the second try paints."""
    if mark.exists():
        paint(job, pipe)
        return
    mark.touch()
    print("no weights here", flush=True)
    pipe.send(Report(State.FAILED, message="no weights here"))
    while not isinstance(pipe.recv(), Stop):
        pass


def main(folder: str) -> int:
    pictures = {
        "content": str(samples.locate("harbour")),
        "styles": (str(samples.locate("strokes")),),
        "size": 128,
    }
    session = SessionConfig().with_overrides(pictures=pictures, server={"port": 0})
    target = functools.partial(give_up_once, mark=Path(folder) / "tried")
    return serve(
        session,
        open_browser=False,
        options=ServerOptions(token=options.resolve_token(None)),
        make_worker=lambda session, folder: Supervisor(session, folder=folder, target=target),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
