"""`styletune sweep` and a server for it, as processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOKEN = "a-token-for-the-sweeps"


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.sweeps.serving", str(folder), str(port)]
    environment = os.environ | {"STYLETUNE_TOKEN": TOKEN}
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        ) as process,
    ):
        try:
            assert process.stdout
            url = process.stdout.readline().partition("?")[0].strip()
            assert url, (folder / "log").read_text()
            yield url
        finally:
            process.terminate()
            process.wait(20)


def command(tmp_path: Path, text: str, *arguments: str) -> list[str]:
    file = tmp_path / "the-sweep.toml"
    file.write_text(text)
    return [sys.executable, "-m", "styletune", "sweep", str(file), "-o", *arguments]


def sweep(
    tmp_path: Path, text: str, *arguments: str, token: str = TOKEN, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(tmp_path, text, *arguments),
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"STYLETUNE_TOKEN": token, "COLUMNS": "200"},
        check=False,
        **options,
    )


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def until(check: Callable[[], Any], patience_s: float = 60) -> Any:
    end = time.monotonic() + patience_s
    while not (found := check()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found
