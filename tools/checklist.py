"""What a show withstands: 39 lines, each with the tests that show it.

`python -m tools.checklist` prints the table and fails when a line has no test. A test says
which lines it proves, `@pytest.mark.checklist(4, 21)`; tests of the page and scripts by a
comment, `checklist: 28` after `//` or `#`. Read from the source, so that nothing has to run.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

LINES = {
    1: "defaults: loopback only, one token URL on stdout, the token nowhere else",
    2: "--host 0.0.0.0 without a token: refused",
    3: "token file that others can read: refused",
    4: "every route, method and socket without credentials: 401/403, before the upgrade",
    5: "wrong, empty, doubled, non-ASCII, 10 kB token: 401; over 10 a minute: 429, cookies live",
    6: "restart with a new token: the old cookie is worthless",
    7: "after a whole run: no token and no cookie in logs and stderr",
    8: "Host: loopback names in every spelling; foreign, suffixed, doubled, empty: 400/403",
    9: "Origin null, other port, other scheme, suffix trick: 403",
    10: "Host = Origin = attacker: 403",
    11: "cross-site text/plain POST: 403",
    12: "Sec-Fetch-Site cross-site: a link is fine, embedding and sockets are not",
    13: "spoofed X-Forwarded-*: ignored",
    14: "CSP, nosniff, Permissions-Policy; no CORS header",
    15: "path tricks: 404",
    16: "21 MB or endless upload: 413 at the cap; 1 byte a second: closed within 30 s",
    17: "bombs and renamed files: 415/422, bounded memory and stall; odd pictures decoded upright",
    18: "hostile messages: an error on the same socket, values unchanged",
    19: "over 64 KiB: 1009; bad UTF-8: 1007; unmasked: 1002",
    20: "the 65th socket: server full; HTTP still answers",
    21: "view-only token sets or uploads: refused; pictures fine",
    22: "50 viewers × 20 fps × 60 KB for 60 s: 19 fps each, age, CPU and memory bounded",
    23: "a slow tunnel with a 2 MiB buffer: pictures at most 500 ms old",
    24: "10 stalled readers beside 10 good ones: the good ones do not notice",
    25: "1,000 sets a second for 60 s: the last value is applied at once",
    26: "from a set to the worker: p50 20 ms, p99 60 ms, plus one step",
    27: "server restart: the same values within 3 s",
    28: "hidden tab: nothing grows; the newest picture first",
    29: "two pages on one slider: both end on the last value; a held handle never jumps",
    30: "SIGTERM: 1012, exit within 5 s, worker and segments gone",
    31: "worker killed: pictures again, values identical",
    32: "worker stopped: told as hung within 6 s, replaced within 15 s",
    33: "not finite: never displayed, running again within 2 s",
    34: "a million reads against a full-speed writer: none torn",
    35: "20 group kills: no segments left after the next start",
    36: "web process killed: worker gone within 3 s",
    37: "six crashes in a row: failed, log shown, uploads still answer",
    38: "checkpoint folder full, read-only, newest file cut short: goes on with a warning",
    39: "hours with viewers that come and go: memory and file handles constant",
}

_COMMENT = re.compile(r"^\s*(?://|#) checklist: ([\d, ]+)$", re.M)


def proofs(root: Path = ROOT) -> dict[int, list[str]]:
    """The names of the tests and scripts that prove each line."""
    found = defaultdict(list)
    for number, name in [*_python_tests(root), *_commented(root)]:
        if number not in LINES:
            raise ValueError(f"{name}: the checklist has lines 1 to {len(LINES)}, not {number}")
        found[number].append(name)
    return dict(found)


def _python_tests(root: Path) -> Iterator[tuple[int, str]]:
    for path in sorted(root.glob("tests/**/test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for test in ast.walk(tree):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for number in _marked(test):
                    yield number, f"{path.relative_to(root)}::{test.name}"


def _marked(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.checklist":
            for argument in mark.args:
                yield ast.literal_eval(argument)


def _commented(root: Path) -> Iterator[tuple[int, str]]:
    for path in sorted([*root.glob("tests/web/*.test.js"), *root.glob("benchmarks/**/*.py")]):
        for match in _COMMENT.finditer(path.read_text(encoding="utf-8")):
            for number in match[1].split(","):
                yield int(number), str(path.relative_to(root))


def main() -> int:
    found = proofs()
    for number, what in LINES.items():
        print(f"{number:2d}  {what}")
        for name in found.get(number, ["NO TEST"]):
            print(f"      {name}")
    missing = sorted(LINES.keys() - found.keys())
    if missing:
        print(f"without a test: {', '.join(map(str, missing))}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
