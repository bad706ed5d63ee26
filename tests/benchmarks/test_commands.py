"""Every benchmark has a command whose help shows how it is run, and stands in the README."""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"
COMMANDS = sorted(
    path.relative_to(FOLDER.parent).with_suffix("").as_posix().replace("/", ".")
    for path in FOLDER.glob("*/*.py")
    if "report.new_parser(" in path.read_text(encoding="utf-8")
)


# In one process: three quarters of them import Keras.
HELP = """
import runpy, sys
for module in sys.argv[1:]:
    sys.argv = [module, "--help"]
    try:
        runpy.run_module(module, run_name="__main__")
    except SystemExit as error:
        assert not error.code, module
"""


def test_help_shows_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP, *COMMANDS],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"^(?:    |.*&& )python -m (benchmarks\S+)", done.stdout, re.M)
    assert set(COMMANDS) <= set(shown)
    assert re.findall(r"^usage: python -m (\S+)", done.stdout, re.M) == COMMANDS


def test_readme_lists_all_commands() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = {f"benchmarks.{name}" for name in re.findall(r"^\| `(\w+\.\w+)", text, re.M)}
    assert listed == set(COMMANDS)
