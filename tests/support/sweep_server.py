"""`styletune serve` whose painter takes ten steps an epoch of whatever run it is told.

Run as: python -m tests.support.sweep_server FOLDER PORT
"""

import asyncio
import sys
from pathlib import Path

from PIL import Image

from styletune.config import SessionConfig
from styletune.ipc.commands import Run
from styletune.server import options
from styletune.server.options import ServerOptions
from styletune.server.serve import serve
from tests.support.standin_supervisor import StandInSupervisor


class Easel(StandInSupervisor):
    async def _paint_on(self, period_s: float) -> None:
        current: Run | None = None
        taken = done_rev = 0
        while True:
            await asyncio.sleep(period_s)
            run = self.runs[-1] if self.runs else None
            if run is not current:
                current, taken = run, 0
            if run is None:
                self.paint()
            elif taken < run.steps:
                taken += 10
                done_rev = self.paint(done=taken >= run.steps).rev
            elif self.controls is not None and self.controls.rev != done_rev:
                self.paint()  # a moved control lets it go on


def main(folder: str, port: str) -> int:
    for name in ("content", "style"):
        path = Path(folder) / f"{name}.png"
        if not path.exists():
            Image.new("RGB", (64, 48), "teal").save(path)
    session = SessionConfig().with_overrides(
        pictures={"content": f"{folder}/content.png", "styles": (f"{folder}/style.png",)},
        server={"port": int(port)},
    )
    return serve(
        session,
        open_browser=False,
        options=ServerOptions(token=options.resolve_token(None)),
        make_worker=lambda session, folder: Easel(session, folder, period_s=0.02),
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
