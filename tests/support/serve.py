"""`styletune serve` in a process of its own, with a stand-in painter.

Run as: python -m tests.support.serve FOLDER HOST PORT [FLAGS of `styletune serve`]
"""

import sys
from pathlib import Path

from PIL import Image

from styletune.cli.main import build_parser
from styletune.cli.serve import log_format, server_options
from styletune.config import SessionConfig
from styletune.errors import StyletuneError
from styletune.server.serve import serve
from tests.support.standin_supervisor import StandInSupervisor


def main(folder: str, host: str, port: str, *flags: str) -> int:
    for name in ("content", "style"):
        path = Path(folder) / f"{name}.png"
        if not path.exists():
            Image.new("RGB", (64, 48), "teal").save(path)
    session = SessionConfig().with_overrides(
        pictures={"content": f"{folder}/content.png", "styles": (f"{folder}/style.png",)},
        server={"host": host, "port": int(port)},
    )
    arguments = build_parser().parse_args(["serve", *flags])
    try:
        return serve(
            session,
            open_browser=False,
            options=server_options(arguments),
            log_format=log_format(arguments),
            memory_folder=Path(folder) / "memory",
            resume=arguments.resume,
            run=arguments.run_name,
            make_worker=lambda session, folder: StandInSupervisor(session, folder, period_s=0.05),
        )
    except StyletuneError as error:
        print(f"styletune: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
