"""Fuzzing for as long as one likes.

    python -m tests.fuzz messages --seconds 120     # /ws, with atheris
    python -m tests.fuzz pictures --seconds 120     # the upload decoder, with atheris
    python -m tests.fuzz http --examples 200        # HTTP, with schemathesis by our OpenAPI

Needs `pip install 'styletune[fuzz]'`. What fails is printed, and the exit code is not 0.
"""

import argparse
import sys
import tempfile
from pathlib import Path


def atheris_on(what: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["styletune", "PIL"]):
        from PIL import Image  # noqa: F401

        from tests.fuzz import targets

    target = targets.Messages() if what == "messages" else targets.picture
    seeds = targets.MESSAGES if what == "messages" else targets.seeds()
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        options = ["-max_len=65536", f"-max_total_time={seconds}", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, folder], target)
        atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("what", choices=("messages", "pictures", "http"))
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--examples", type=int, default=200)
    arguments = parser.parse_args()
    if arguments.what == "http":
        from tests.fuzz.interface import fuzzed

        sys.exit(fuzzed(arguments.examples))
    atheris_on(arguments.what, arguments.seconds)


if __name__ == "__main__":
    main()
