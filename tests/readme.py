"""The README's tables, made from the code. `python -m tests.readme` writes them anew."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

from styletune.config import SessionConfig
from styletune.controls import ControlTable, Curve, Kind
from styletune.files import web_folder
from styletune.server.app import create_app
from styletune.server.metrics import ROWS
from styletune.session import incoming, outgoing

README = Path(__file__).parent.parent / "README.md"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def controls() -> str:
    rows = []
    for row in ControlTable(["<layer>"])._rows.values():
        if row.kind is Kind.FADER:
            off = "off, " if row.curve is Curve.LOG_OFF else ""
            values = f"{off}{row.low:g} to {row.high:g} {row.unit}"
            default = f"{row.default:g}" if row.layer is None else "by layer"
        else:
            values = "true, false" if row.kind is Kind.SWITCH else ", ".join(row.choices)
            default = "" if row.kind is Kind.TRIGGER else str(row.to_json(row.default)).lower()
        rows.append(
            [
                f"`{row.name}`",
                row.kind.value,
                values,
                default,
                row.help.replace("<layer>", "the layer"),
            ]
        )
    return table(["control", "kind", "values", "default position", "what it does"], rows)


def keys() -> str:
    rows = []
    for section, field in SessionConfig.model_fields.items():
        for key, inner in getattr(field.annotation, "model_fields", {}).items():
            default = inner.default
            shown = "" if default is None else f"`{json.dumps(default)}`"
            rows.append([f"`[{section}]`", f"`{key}`", shown])
    return table(["section", "key", "default"], rows)


def _messages(union: object, way: str) -> list[list[str]]:
    rows = []
    for model in get_args(union):
        kind = get_args(model.model_fields["type"].annotation)[0]
        fields = ", ".join(f"`{name}`" for name in model.model_fields if name != "type")
        summary = model.__doc__.strip().splitlines()[0]
        rows.append([way, f"`{kind}`", fields, summary])
    return rows


def message_table() -> str:
    rows = _messages(incoming.Incoming, "in") + _messages(outgoing.Outgoing, "out")
    return table(["way", "`type`", "further fields", "what it means"], rows)


def routes() -> str:
    # The routes are the same whatever they serve: nothing of the hub is asked for here.
    app = create_app(None, web=web_folder(), folder=Path(), executor=None)  # type: ignore[arg-type]
    rows = [
        [method.upper(), f"`{path}`", operation["description"].splitlines()[0]]
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    ]
    return table(["method", "path", "what it does"], rows)


def metrics() -> str:
    rows = [
        [f"`{row.shown}`", row.kind, ", ".join(f"`{label}`" for label in row.labels), row.help]
        for row in ROWS
    ]
    return table(["metric", "kind", "labels", "what it says"], rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "keys": keys,
    "controls": controls,
    "messages": message_table,
    "routes": routes,
    "metrics": metrics,
}


def written(text: str) -> str:
    """`text` with every generated block made anew."""
    for name, make in BLOCKS.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.S)
        block = make()
        text, count = pattern.subn(lambda m, b=block: f"{m[1]}{b}\n{m[2]}", text)
        assert count == 1, name
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
