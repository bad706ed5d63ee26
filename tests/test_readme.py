"""The README keeps its word: its tables are those of the code, its commands exist."""

import re

import pytest

from styletune.cli.main import build_parser
from tests.readme import README, written

TEXT = README.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert written(TEXT) == TEXT, "run `python -m tests.readme`"


def test_the_two_commands_come_first() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.S)
    assert blocks[0].strip().endswith(".venv/bin/pip install . && .venv/bin/styletune serve")
    assert blocks[1].strip().endswith(".venv/bin/pip install -e '.[test]' && .venv/bin/pytest")


@pytest.mark.parametrize(
    "line", re.findall(r"^styletune ((?:serve|paint|doctor|teach|sweep)[^#\n]*)", TEXT, re.M)
)
def test_every_command_line_in_it_is_understood(line: str) -> None:
    words = line.split()
    if "--help" in words:
        with pytest.raises(SystemExit, match="0"):
            build_parser().parse_args(words)
    else:
        build_parser().parse_args(words)


def test_links_to_files_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXT):
        assert (README.parent / target).exists(), target
