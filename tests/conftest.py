"""For all tests: what servers keep on disk goes to a folder that is removed in the end.

No property is timed: two busy cores would decide over it.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

settings.register_profile("styletune", deadline=None)
settings.load_profile("styletune")

# What a shell starts in the background ignores SIGINT, and so would all processes of the tests,
# which are sent it as by Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Under `nohup` children would ignore a closed terminal: with a handler here they begin with the
# default, and the tests themselves go on.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)

# Here a real worker paints without end, on all cores: two at a time would starve each other, JACK
# and the browser.
_PAINTING = ("tests/browser/", "tests/midi_agent/")
# What takes longest comes first, so that no core is left alone with it in the end.
_FIRST = (
    "painting",
    "tests/server/test_serve.py",
    "tests/worker/test_loop.py",
    "tests/supervisor/test_supervisor.py",
    "tests/sweeps/test_sweep.py",
    "tests/supervisor/test_standby.py",
    "tests/engine/test_painter.py",
    "tests/engine/test_canvas.py",
    "tests/server/test_app.py",
    "tests/server/test_websockets.py",
    "tests/engine/test_offline.py",
    "tests/cli/test_paint.py",
    "tests/training/test_teach.py",
    "tests/training/test_trainer.py",
)


class _OnePainter(LoadFileScheduling):
    """File by file, but all that paints without end in one place, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return "painting" if nodeid.startswith(_PAINTING) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        for scope in reversed(_FIRST):
            if scope in self.workqueue:
                self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadFileScheduling:
    """Instead of `--dist`."""
    return _OnePainter(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_state_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="styletune-tests-") as folder:
        before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = folder
        yield
        del os.environ["XDG_STATE_HOME"]
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="session")
def look_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look of one style, made once for all processes of the tests."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / "small.keras"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            from tests.support.small_look import write_small_look  # Keras takes seconds

            write_small_look(path)
    return path
