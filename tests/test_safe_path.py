"""What lies in the working directory is run by no process that styletune starts."""

import os
import subprocess
import sys
from pathlib import Path

from styletune.safe_path import without_working_directory

ROOT = Path(__file__).parents[1]
# Imported by the interpreters of `multiprocessing` before and after they take over our path.
NAMES = ("enum", "psutil", "selectors", "signal", "socket", "threading", "types")
START = """
import os, sys
from collections import deque
import time
from styletune.ipc import segments
from styletune.supervisor.process import WorkerProcess
from tests.support.standin_worker import warm_up

def traps():
    # As after `python -m`, in a shell of Python, or where PYTHONPATH ends in a colon.
    sys.path[:0] = ["", os.getcwd()]
    os.environ["PYTHONPATH"] += os.pathsep

def idle(job, pipe): pass

if __name__ == "__main__":
    traps()
    segments.unlink(segments.create("test", 64))
    log = deque()
    worker = WorkerProcess(warm_up, log, warm_up, standby=True)
    until = time.monotonic() + 30
    while not worker.read_messages() and worker.exitcode is None and time.monotonic() < until:
        worker.forward_output()
        time.sleep(0.02)
    print(worker.exitcode, *log)
    worker.kill()
"""


def in_trapped_folder(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    for name in NAMES:
        (folder / f"{name}.py").write_text("open(__file__ + '.ran', 'w'); import nothing_of_that")
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_worker_and_resource_tracker_import_nothing_of_the_folder(tmp_path: Path) -> None:
    script = tmp_path / "elsewhere" / "start.py"
    script.parent.mkdir()
    script.write_text(START)
    done = in_trapped_folder(tmp_path, "-P", str(script))
    assert (done.stdout, done.stderr) == ("None\n", "")
    assert list(tmp_path.glob("*.ran")) == []


def test_the_command_imports_nothing_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('taken from the folder')")
    done = subprocess.run(
        [sys.executable, "-m", "styletune", "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("styletune "), done.stderr


def test_a_checkout_and_what_pythonpath_names_stay(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    here, other = str(tmp_path), "/usr/lib/python3"
    assert without_working_directory(["", here, other], []) == [other]
    assert without_working_directory([here, other], ["."]) == [here, other]
    monkeypatch.chdir(ROOT)
    assert without_working_directory(["", str(ROOT), other], []) == [str(ROOT), other]


def test_a_deleted_working_directory_is_no_obstacle(monkeypatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert without_working_directory(["", "/usr"], []) == ["/usr"]
