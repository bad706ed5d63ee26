"""Keep files of the working directory from being imported by the processes that this one starts."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_STYLETUNE = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def safe_path() -> Iterator[None]:
    """Start interpreters that import nothing from the working directory; also for what Ray starts.

    People keep pictures there, and in `/tmp` anybody may: a `signal.py` among them would be run.
    `-P` alone does not keep it out: a spawned process takes over `sys.path` from this one, and an
    empty part of `PYTHONPATH` is the working directory, too.
    """
    before = sys.path[:], {name: os.environ.get(name) for name in ("PYTHONSAFEPATH", "PYTHONPATH")}
    named = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = without_working_directory(sys.path, named)
    os.environ["PYTHONSAFEPATH"] = "1"
    if named:
        os.environ["PYTHONPATH"] = os.pathsep.join(named)
    else:
        os.environ.pop("PYTHONPATH", None)
    try:
        yield
    finally:
        sys.path[:] = before[0]
        for name, value in before[1].items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def without_working_directory(path: list[str], named: list[str]) -> list[str]:
    """Return the import path without the working directory.

    It stays where `PYTHONPATH` names it, or styletune itself lies there, as in a checkout.

    Args:
        path: as `sys.path`.
        named: the parts of `PYTHONPATH`.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:  # deleted meanwhile
        return list(filter(None, path))
    kept = here == _STYLETUNE or any(here == here / part for part in named)
    return [part for part in path if part and (kept or Path(part) != here)]
