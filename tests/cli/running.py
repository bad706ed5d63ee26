"""Run the command line as a person does: in a process of its own."""

import subprocess
import sys
from pathlib import Path


def styletune(
    *arguments: str | Path, timeout_s: float = 240, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "styletune", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        check=False,
    )
