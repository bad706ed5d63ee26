"""The TypeScript declarations of what server and page exchange, made from the Python models.

`python -m tools.types` writes web/types.d.ts; with `--check` it only says whether that is stale.
"""

import argparse
import enum
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pydantic import BaseModel

from styletune.config import SessionConfig
from styletune.controls import Control
from styletune.networks import LayerRow
from styletune.server.frame_stream import FrameHeader
from styletune.session.incoming import AckMessage, Incoming
from styletune.session.outgoing import LibraryMessage, Outgoing, RecentPicturesMessage
from styletune.session.outgoing_looks import LooksMessage
from styletune.session.outgoing_renders import RendersMessage
from styletune.session.outgoing_takes import TakesMessage
from styletune.terms import LossTerm
from styletune.terms import rows as term_rows

TARGET = Path(__file__).parents[1] / "web/types.d.ts"
HEADER = """\
/**
 * What server and page exchange. Generated from the models in Python; do not edit:
 * `python -m tools.types` writes this file anew.
 */
"""
SCALARS = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    NoneType: "null",
    Any: "unknown",
}
WIDTH = 100


def declarations() -> str:
    """The text of web/types.d.ts."""
    outgoing, incoming = get_args(Outgoing), get_args(Incoming)
    # A control's default travels as a message shows it: number, boolean or name.
    hints = get_type_hints(Control) | {"default": float | bool | str}
    row = {name: hints[name] for name in SessionConfig().table().rows()[0]}
    term_hints = get_type_hints(LossTerm) | {"name": str}
    term = {name: term_hints[name] for name in term_rows()[0]}
    parts = [
        HEADER,
        _interface("ControlRow", "One row of the table of controls (`GET /api/controls`).", row),
        _interface("TermRow", "One row of the table of loss terms; beside the controls.", term),
        _interface("LayerRow", _summary(LayerRow), get_type_hints(LayerRow)),
        *(
            _model(model)
            for model in _reachable(
                *outgoing,
                RecentPicturesMessage,
                LibraryMessage,
                LooksMessage,
                RendersMessage,
                TakesMessage,
            )
        ),
        *(_model(model) for model in _reachable(*incoming, AckMessage)),
        _interface("FrameHeader", _summary(FrameHeader), get_type_hints(FrameHeader)),
        _interface(
            "ServerMessages",
            "Everything that the server sends on /ws, by `type`.",
            {_type_of(model): model for model in outgoing},
        ),
        "/** Everything that a client sends on /ws. */\n"
        + _wrapped("type ClientMessage =", [model.__name__ for model in incoming]),
    ]
    return "\n".join(parts)


def typescript(annotation: Any) -> str:
    """A Python annotation as a TypeScript type.

    Raises:
        TypeError: it has no counterpart here.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    if origin is Annotated:
        return typescript(arguments[0])
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in arguments)
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(typescript(argument) for argument in arguments))
    if origin in (tuple, list):
        item = typescript(arguments[0])
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin in (dict, Mapping):
        return f"Record<{typescript(arguments[0])}, {typescript(arguments[1])}>"
    if inspect.isclass(annotation) and issubclass(annotation, enum.StrEnum):
        return " | ".join(f'"{member.value}"' for member in annotation)
    if inspect.isclass(annotation) and (
        issubclass(annotation, BaseModel) or is_typeddict(annotation)
    ):
        return annotation.__name__
    raise TypeError(f"no TypeScript type for {annotation!r}")


def _model(model: type[BaseModel]) -> str:
    hints = get_type_hints(model, include_extras=True)
    fields = {}
    for name, field in model.model_fields.items():
        if field.exclude_if:  # left out where it is None
            fields[f"{name}?"] = _without_none(hints[name])
        else:
            # Defaults fill in what a client leaves out; the server writes them all.
            optional = not field.is_required() and model in (*get_args(Incoming), AckMessage)
            fields[name + "?" * optional] = hints[name]
    return _interface(model.__name__, _summary(model), fields)


def _interface(name: str, summary: str, fields: Mapping[str, Any]) -> str:
    lines = [f"  {field}: {typescript(kind)};" for field, kind in fields.items()]
    return "\n".join([f"/** {summary} */", f"interface {name} {{", *lines, "}", ""])


def _reachable(*models: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models and those inside of them, each once, the inner ones first."""
    found: dict[type[BaseModel], None] = {}

    def visit(annotation: Any) -> None:
        if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
            for field in annotation.model_fields.values():
                visit(field.annotation)
            found[annotation] = None
        for argument in get_args(annotation):
            visit(argument)

    for model in models:
        visit(model)
    yield from found


def _summary(thing: type) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _type_of(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def _without_none(annotation: Any) -> Any:
    return Union[tuple(part for part in get_args(annotation) if part is not NoneType)]  # noqa: UP007


def _wrapped(head: str, names: list[str]) -> str:
    lines = [head, " "]
    for name in names:
        if len(lines[-1]) + len(name) + 3 > WIDTH:
            lines.append(" ")
        lines[-1] += f" | {name}"
    return "\n".join(lines) + ";\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or check it; 1: it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where it is stale"
    )
    text = declarations()
    if not parser.parse_args(arguments).check:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is stale: run `python -m tools.types`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
