"""HTTP as our OpenAPI describes it, with schemathesis against a real server."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Each answer is one that is documented, and none is a failure of the server.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-fuzzer"
MAX_S = 600
REQUEST_S = 60


def fuzzed(examples: int, seed: int | None = None) -> int:
    """Send so many examples to each operation, by a seed; the exit code of schemathesis."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.serve", folder, "127.0.0.1", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "STYLETUNE_TOKEN": TOKEN, "TMPDIR": folder},
        )
        with server:
            try:
                assert server.stdout is not None
                address = server.stdout.readline().partition("?")[0]
                return _schemathesis(address, examples, seed, Path(folder))
            finally:
                server.terminate()


def _schemathesis(address: str, examples: int, seed: int | None, folder: Path) -> int:
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{address}openapi.json", "--header", f"Authorization: Bearer {TOKEN}"),
        *("--checks", ",".join(CHECKS), "--max-examples", str(examples), "--no-color"),
        *("--request-timeout", str(REQUEST_S)),
        *(() if seed is None else ("--seed", str(seed))),
    ]
    return subprocess.run(command, cwd=folder, timeout=MAX_S, stdout=sys.stderr).returncode
