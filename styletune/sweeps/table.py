"""The table of controls as sweeps use it: read from a server, asked what may be swept. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from styletune.controls import Control, Curve, Kind
from styletune.errors import ConfigError, ControlError


def table_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Control]:
    """The table of controls as a server shows it, for those that hold a value."""
    return {
        row["name"]: Control(
            row["name"],
            Kind(row["kind"]),
            row["help"],
            curve=Curve(row["curve"]),
            low=row["low"],
            high=row["high"],
            unit=row["unit"],
            term=row["term"],
            layer=row["layer"],
            choices=tuple(row["choices"]),
            engine=row["engine"],
        )
        for row in rows
        if row["kind"] in set(Kind) and row["kind"] != Kind.TRIGGER
    }


def is_swept(table: Mapping[str, Control], name: str) -> bool:
    """Whether a sweep may name this control."""
    return name in table and table[name].engine


def layers_of(table: Mapping[str, Control]) -> list[str]:
    """The layers that are played."""
    return [row.layer for row in table.values() if row.layer and row.name == f"style.{row.layer}"]


def check(table: Mapping[str, Control], name: str, value: object) -> float:
    """The position that `value` stands for.

    Raises:
        ConfigError: there is no such control, or it does not take the value.
    """
    if not is_swept(table, name):
        near = ", ".join(layers_of(table))
        raise ConfigError(
            f"unknown control `{name}` in the sweep; the layers played here are {near}"
        )
    try:
        return table[name].check(value)
    except ControlError as error:
        raise ConfigError(f"the sweep: {error}") from None
