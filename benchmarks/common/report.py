"""What all commands share: their options, their tables on stdout, targets met or missed."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine

NONE = "–"
_WIDTH = 118  # of a table in a file or a pipe, which rich would fold at 80 columns


def new_parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of `python -m benchmarks.MODULE`."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def progress_console() -> Console:
    """Return the console for what happens meanwhile: stderr."""
    return Console(stderr=True, highlight=False)


def new_table(title: str, headings: Sequence[str], notes: Sequence[str] = ()) -> Table:
    """Return an empty table; below it the machine, the versions and `notes`."""
    table = Table(
        title=title,
        caption="\n".join(
            (f"{machine.processor()}, {machine.cores()} cores", machine.versions(), *notes)
        ),
        title_justify="left",
        caption_justify="left",
    )
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=index == 0)
    return table


def print_table(table: Table) -> None:
    """Print to stdout."""
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH).print(table)


def seconds(value: float | None) -> str:
    """A time in seconds."""
    return NONE if value is None else f"{value:.1f} s"


def milliseconds(value_s: float | None) -> str:
    """A time in milliseconds, to three digits."""
    if value_s is None:
        return NONE
    return f"{value_s * 1e3:.1f} ms" if value_s < 0.1 else f"{value_s * 1e3:.0f} ms"


def megabytes(value: float | None) -> str:
    """An amount of memory."""
    return NONE if value is None else f"{value:.0f} MB"


def met(value: float, target: float, *, at_least: bool = False) -> str:
    """Whether a figure reaches its target: at most that much, or at least."""
    reached = value >= target if at_least else value <= target
    return "[green]met[/]" if reached else "[red]missed[/]"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and its target.

    Attributes:
        line: of the checklist; 0: of none.
        reference: the same figure of what it is compared with.
    """

    name: str
    value: float
    target: float | None
    unit: str
    at_least: bool = False
    line: int = 0
    reference: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target is reached; true where there is none."""
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target


def print_rows(
    title: str, rows: Sequence[Row], notes: Sequence[str] = (), reference: str = ""
) -> int:
    """Print one line a figure; returns the exit code: 1 where a target was missed.

    Args:
        reference: heading of the rows' references; empty: there are none.
    """
    references = (reference,) if reference else ()
    lines = ("line",) if any(row.line for row in rows) else ()
    table = new_table(title, ("", "measured", *references, "to reach", "", *lines), notes)
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        target, reached = "", ""
        if row.target is not None:
            target = f"{sign} {row.target:g} {row.unit}"
            reached = met(row.value, row.target, at_least=row.at_least)
        compared = () if not reference else (_amount(row.reference, row.unit),)
        line = (str(row.line),) if lines else ()
        table.add_row(row.name, _amount(row.value, row.unit), *compared, target, reached, *line)
    print_table(table)
    return 0 if all(row.met for row in rows) else 1


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return NONE
    return f"{value:.2f} {unit}" if abs(value) < 10 else f"{value:.1f} {unit}"
