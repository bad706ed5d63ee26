"""Write the generated parts of docs/ anew from the code: `python -m tools.reference`.

A page is prose with blocks between `<!-- generated: NAME -->` and `<!-- end -->`; only the blocks
are made here. tests/test_docs.py fails when one is out of date.
"""

import argparse
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, is_typeddict
from unittest.mock import Mock

from pydantic import BaseModel

from styletune import client, errors
from styletune.cli.main import build_parser
from styletune.client import sync
from styletune.config import SessionConfig
from styletune.controls import ControlTable, Curve, Kind
from styletune.files import configs_folder, web_folder
from styletune.server.app import create_app
from styletune.server.metrics import ROWS
from styletune.session import incoming, outgoing
from tools import checklist

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

Schema = dict[str, Any]


def write_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ------------------------------------------------------------------ controls


def controls() -> str:
    rows = []
    table = ControlTable(["<layer>"])
    for name in table:
        row = table[name]
        if row.kind is Kind.FADER:
            off = "off, " if row.curve is Curve.LOG_OFF else ""
            values = f"{off}{row.low:g} to {row.high:g} {row.unit}"
            default = f"{row.default:g}" if row.layer is None else "by layer"
        else:
            values = "true, false" if row.kind is Kind.SWITCH else ", ".join(row.choices)
            default = "" if row.kind is Kind.TRIGGER else str(row.to_json(row.default)).lower()
        help = row.help.replace("<layer>", "the layer")
        rows.append([f"`{row.name}`", row.kind.value, values, default, help])
    return write_table(["control", "kind", "values", "default position", "what it does"], rows)


# ------------------------------------------------------------- configuration


def configuration() -> str:
    schema = SessionConfig.model_json_schema()
    comments = _toml_comments((configs_folder() / "default.toml").read_text(encoding="utf-8"))
    rows = []
    for section, field in SessionConfig.model_fields.items():
        for key, inner in getattr(field.annotation, "model_fields", {}).items():
            part = _resolve(schema["properties"][section], schema)["properties"][key]
            values = _type(part, schema).removesuffix(" or null")
            default = "" if inner.default is None else f"`{json.dumps(inner.default)}`"
            rows.append([f"`{section}.{key}`", values, default, comments[section, key]])
    return write_table(["key", "values", "default", "what it is"], rows)


def _toml_comments(text: str) -> dict[tuple[str, str], str]:
    """The comment behind each key of a session file, also of keys that are commented out."""
    section, comments = "", {}
    for line in text.splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.match(r"(?:# )?(\w+) = [^#]*# (.*)$", line):
            comments[section, match[1]] = match[2]
    return comments


# ------------------------------------------------------------------ messages


def message_list() -> str:
    rows = _messages(incoming.Incoming, "in") + _messages(outgoing.Outgoing, "out")
    return write_table(["way", "`type`", "further fields", "what it means"], rows)


def _messages(union: object, way: str) -> list[list[str]]:
    rows = []
    for model in get_args(union):
        fields = ", ".join(f"`{name}`" for name in model.model_fields if name != "type")
        rows.append([way, _message_link(model), fields, _summary(model)])
    return rows


def _message_link(model: type[BaseModel]) -> str:
    return f"[`{_type_tag(model)}`](#{_type_tag(model).rstrip('?')})"


def _type_tag(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def message_fields() -> str:
    """Each message with its fields, then the objects inside them."""
    parts: list[str] = []
    inside: dict[str, Schema] = {}
    for title, union, mode in (
        ("From a client", incoming.Incoming, "validation"),
        ("From the server", outgoing.Outgoing, "serialization"),
    ):
        parts.append(f"## {title}")
        for model in get_args(union):
            schema = model.model_json_schema(mode=mode)
            inside |= schema.get("$defs", {})
            parts += [f"### `{_type_tag(model)}`", _text(model), _fields(schema, schema)]
    parts.append("## Objects inside messages")
    for name, schema in sorted(inside.items()):
        if "properties" in schema and _message_type(schema) is None:
            about = " ".join(schema["description"].split("\n\n")[0].split())
            parts += [f"### {name}", about, _fields(schema, {"$defs": inside})]
    return "\n\n".join(parts)


def _message_type(schema: Schema) -> str | None:
    """The `type` of a message; None: an object that stands inside messages only."""
    kind: str | None = schema["properties"].get("type", {}).get("const")
    return kind


def _fields(schema: Schema, root: Schema) -> str:
    required = schema.get("required", [])
    rows = []
    for name, field in schema["properties"].items():
        if name == "seq" or (name == "type" and "const" in field):
            continue  # described once, above
        if "default" in field and field["default"] is not None:
            when = f"default `{json.dumps(field['default'], ensure_ascii=False)}`"
            when = when if len(when) < 40 else "has a default"
        else:
            when = "" if name in required else "may be absent"
        rows.append([f"`{name}`", _type(field, root), when])
    return write_table(["field", "value", ""], rows) if rows else "No further fields."


# ------------------------------------------------- JSON schemas, in plain words


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _type(schema: Schema, root: Schema) -> str:
    """A JSON schema as a few words of Markdown."""
    if "$ref" in schema:
        named = _resolve(schema, root)
        if "properties" not in named:
            return _type(named, root)
        name = _message_type(named) or schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one, root) for one in schema["anyOf"]))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("items") or {}
        most = f", at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"list of {_type(items, root)}{most}" if items else "list"
    if kind == "object":
        inner = schema.get("additionalProperties")
        values = f" of {_type(inner, root)}" if isinstance(inner, dict) else ""
        return f"object{values}"
    if kind in ("integer", "number"):
        return f"{kind}{_range(schema)}"
    if kind == "string":
        most = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
        return f"text{most}"
    return str(kind or "any value")


def _range(schema: Schema) -> str:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" {_number(low)} to {_number(high)}"
    parts = [
        f"{words} {_number(limit)}"
        for words, limit in (("from", low), ("above", above), ("to", high), ("below", below))
        if limit is not None
    ]
    return f" {' and '.join(parts)}" if parts else ""


def _number(value: float) -> str:
    powers = {2.0**32: "2³²", 2.0**53: "2⁵³", -(2.0**53): "−2⁵³"}
    return powers.get(float(value), f"{value:g}" if abs(value) < 1e4 else f"{int(value):,}")


# ---------------------------------------------------------------------- HTTP


def routes() -> str:
    # The routes are the same whatever they serve: nothing of the hub is needed here.
    app = create_app(Mock(), web=web_folder(), folder=Path(), executor=Mock())
    rows = []
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            words = " ".join(operation["description"].split())
            statuses = ", ".join(sorted(_statuses(operation)))
            rows.append([method.upper(), f"`{path}`", words, statuses])
    return write_table(["method", "path", "what it does", "answers"], rows)


_ANY_ROUTE = ("400", "401", "403", "405", "429")  # the page says so once


def _statuses(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, response in operation["responses"].items():
        # FastAPI adds this one wherever a path or query has a part that varies.
        if status not in _ANY_ROUTE and response["description"] != "Validation Error":
            yield status


# -------------------------------------------------------------- command line


def command_line() -> str:
    """Each command with its options; of argparse's objects, since its text differs by version."""
    parser = build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    parts = []
    for name, command in commands.choices.items():
        parts += [f"## styletune {name}", command.description or ""]
        parts.append(write_table(["option", "what it does"], _options(command)))
        if command.epilog:
            parts.append(f"```text\n{command.epilog}\n```")
    return "\n\n".join(parts)


def _options(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        value = f"{{{','.join(map(str, action.choices))}}}" if action.choices else value
        value = f"[{value}]" if action.nargs == "?" else value
        *others, last = action.option_strings or [""]
        names = [*others, last if action.nargs == 0 else f"{last} {value}".strip()]
        yield [", ".join(f"`{name}`" for name in names), action.help or ""]


def exit_codes() -> str:
    kinds: dict[int, list[str]] = {}
    for name, kind in vars(errors).items():
        if hasattr(kind, "exit_code"):
            kinds.setdefault(kind.exit_code, []).append(f"`{name}`")
    meaning = {1: "failed", 2: "used in a wrong way", 3: "the port is in use"}
    rows = [["0", "done", ""]]
    rows += [[str(code), meaning[code], ", ".join(kinds[code])] for code in sorted(kinds)]
    rows.append(["130", "ended by Ctrl-C", ""])
    return write_table(["exit code", "what it means", "errors"], rows)


# ------------------------------------------------------------------- metrics


def metrics() -> str:
    rows = [
        [f"`{row.shown}`", row.kind, ", ".join(f"`{label}`" for label in row.labels), row.help]
        for row in ROWS
    ]
    return write_table(["metric", "kind", "labels", "what it says"], rows)


# -------------------------------------------------------------------- client


def python_client() -> str:
    return _members("styletune.client", client, client.__all__)


def sync_client() -> str:
    return _members("styletune.client.sync", sync, ["connect", "SyncClient"])


def _members(module: str, where: object, names: Iterable[str]) -> str:
    parts = []
    for name in sorted(names, key=lambda name: (name != "connect", not name.endswith("Client"))):
        thing = getattr(where, name)
        if inspect.isclass(thing):
            parts += [f"### `{name}`", _text(thing)]
            parts += _typed_keys(thing) if is_typeddict(thing) else _methods(thing)
        elif callable(thing):
            parts += [f"### `{name}{_signature(thing)}`", _text(thing)]
        else:
            parts += [f"### `{name}`", f"`{_plain(thing)}`"]
    return "\n\n".join(part for part in parts if part)


def _typed_keys(kind: type) -> list[str]:
    rows = [[f"`{key}`", f"`{_plain(of)}`"] for key, of in kind.__annotations__.items()]
    return [write_table(["key", "type"], rows)]


def _methods(kind: type) -> list[str]:
    ours = [vars(base) for base in kind.__mro__ if base.__module__.startswith("styletune.")]
    found = {name: thing for base in reversed(ours) for name, thing in base.items()}
    parts = []
    for name, thing in found.items():
        function = getattr(thing, "__func__", thing)
        if name.startswith("_") or not (isinstance(thing, property) or callable(function)):
            continue
        if isinstance(thing, property):
            parts.append(f"**`{name}`**: {_text(thing.fget, one_line=True)}")
            continue
        waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        word = "async " if waits else ""
        parts += [f"**`{word}{name}{_signature(function)}`**", _text(function)]
    return parts


def _signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    shown = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    text = re.sub(r"environ\(\{.*?\}\)", "os.environ", str(shown), flags=re.S)
    returned = _plain(signature.return_annotation)
    return text if returned == "None" else f"{text} -> {returned}"


def _plain(annotation: Any) -> str:
    """A type as text, without the modules and quotes of its parts."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"(?:\b\w+\.)+(?=\w)", "", text).translate(str.maketrans("", "", "~'\""))


def _text(thing: object, one_line: bool = False) -> str:
    """A docstring as Markdown: its paragraphs, and Google's sections as lists."""
    parts: list[str] = []
    for paragraph in inspect.cleandoc(getattr(thing, "__doc__", None) or "").split("\n\n"):
        head, _, rest = paragraph.partition("\n")
        if re.fullmatch(r"(Args|Attributes|Raises):", head):
            items = re.split(r"\n(?=\S)", inspect.cleandoc(rest))
            pairs = [" ".join(item.split()).partition(": ") for item in items]
            word = "raises " if head == "Raises:" else ""
            parts.append("\n".join(f"- {word}`{name}`: {text}" for name, _, text in pairs))
        elif head == "Returns:":
            parts.append(f"Returns: {' '.join(rest.split())}")
        else:
            parts.append(" ".join(paragraph.split()))
    return parts[0] if one_line else "\n\n".join(parts).replace("\n\n- raises", "\n- raises")


def _summary(thing: object) -> str:
    return inspect.cleandoc(getattr(thing, "__doc__", None) or "").splitlines()[0]


# --------------------------------------------------------------- reliability


def reliability() -> str:
    proofs = checklist.proofs()
    parts = []
    for number, what in checklist.LINES.items():
        files: dict[str, list[str]] = {}
        for name in proofs.get(number, []):
            file, _, test = name.partition("::")
            files.setdefault(file, []).extend([f"`{test}`"] if test else [])
        parts.append(f"{number}. {what}")
        for file, tests in files.items():
            names = f": {', '.join(tests)}" if tests else ""
            parts.append(f"    - [{file}](../{file}){names}")
    return "\n".join(parts)


# --------------------------------------------------------------------- pages

BLOCKS: dict[str, Callable[[], str]] = {
    "controls": controls,
    "configuration": configuration,
    "message list": message_list,
    "message fields": message_fields,
    "routes": routes,
    "command line": command_line,
    "exit codes": exit_codes,
    "metrics": metrics,
    "client": python_client,
    "sync client": sync_client,
    "reliability": reliability,
}

_BLOCK = re.compile(r"(<!-- generated: ([\w. ]+) -->\n).*?(<!-- end -->)", re.S)


def render(text: str) -> str:
    """`text` with every generated block made anew; `example FILE` is a file of examples/."""

    def block(match: re.Match[str]) -> str:
        name = match[2]
        if name.startswith("example "):
            file = ROOT / "examples" / name.removeprefix("example ")
            language = {".py": "python", ".mjs": "js", ".toml": "toml"}[file.suffix]
            made = f"```{language}\n{file.read_text(encoding='utf-8').rstrip()}\n```"
        else:
            made = BLOCKS[name]()
        return f"{match[1]}{made}\n{match[3]}"

    return _BLOCK.sub(block, text)


def pages() -> list[Path]:
    """Every page of Markdown in the repository."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*.md")])


def main() -> None:
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := render(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
