"""Every benchmark has a command whose help shows how it is run, and stands in the README."""

import re
import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
COMMANDS = sorted(
    path.relative_to(FOLDER.parent).with_suffix("").as_posix().replace("/", ".")
    for path in FOLDER.glob("*/*.py")
    if "report.new_parser(" in path.read_text(encoding="utf-8")
)


def test_help_shows_the_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: three quarters of them import Keras.
    for module in COMMANDS:
        monkeypatch.setattr(sys, "argv", [module, "--help"])
        monkeypatch.delitem(sys.modules, module, raising=False)  # another one imports it
        with pytest.raises(SystemExit) as end:
            runpy.run_module(module, run_name="__main__")
        assert not end.value.code, module
    text = capsys.readouterr().out
    shown = re.findall(r"^(?:    |.*&& )python -m (benchmarks\S+)", text, re.M)
    assert set(COMMANDS) <= set(shown)
    assert re.findall(r"^usage: python -m (\S+)", text, re.M) == COMMANDS


def test_readme_lists_all_commands() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = {f"benchmarks.{name}" for name in re.findall(r"^\| `(\w+\.\w+)", text, re.M)}
    assert listed == set(COMMANDS)
