"""`styletune sweep` and a server for it, as processes."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from styletune.cli.main import main

TOKEN = "a-token-for-the-sweeps"
PATIENCE_S = 120 * float(os.environ.get("STYLETUNE_TEST_TIMEOUT_FACTOR", "1"))


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.support.sweep_server", str(folder), str(port)]
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
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()


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
        timeout=2 * PATIENCE_S,
        env=os.environ | {"STYLETUNE_TOKEN": token, "COLUMNS": "200"},
        check=False,
        **options,
    )


def sweep_here(
    tmp_path: Path, text: str, *arguments: str, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    """The same within this process, for what does not depend on one: nothing is imported anew."""
    words = command(tmp_path, text, *arguments)
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, {"STYLETUNE_TOKEN": token, "COLUMNS": "200"}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main(words[words.index("sweep") :])
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def results(folder: Path) -> list[dict[str, Any]]:
    """All whole lines: the last one may be being written."""
    lines = (folder / "results.jsonl").read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def until(check: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    end = time.monotonic() + patience_s
    while not (found := check()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found
