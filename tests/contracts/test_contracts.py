"""What others rely on, frozen: whatever is moved or renamed inside, these golden files stay.

Each contract is plain JSON without a name of a module, of a model or of its docstring; only the
imports and the attributes below know where things are today, and follow when they move.
`python -m tests.contracts.test_contracts` writes the files anew: do that for a change that is
meant, and read the diff. `pytest -n 0 tests/contracts` compares.
"""

import argparse
import difflib
import inspect
import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import reduce
from itertools import chain
from operator import getitem
from pathlib import Path
from types import UnionType
from typing import Any, is_typeddict
from unittest.mock import Mock, patch

import numpy as np
import pytest
from fastapi.routing import APIWebSocketRoute
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

import styletune
from styletune import client, errors, terms
from styletune.cli.main import main
from styletune.client import sync
from styletune.config import SessionConfig
from styletune.controls import ControlTable, Kind
from styletune.files import configs_folder, web_folder
from styletune.ipc import checkpoint
from styletune.ipc.control_block import ControlBlock, ControlLayout, ControlState
from styletune.ipc.frame_block import Frame, FrameBlock, FrameLayout, Term
from styletune.ipc.segments import FOLDER
from styletune.midi import profile
from styletune.networks import NETWORKS, layer_rows
from styletune.server.app import create_app
from styletune.server.frame_stream import encode
from styletune.server.metrics import ROWS
from styletune.server.routes import scenes
from styletune.server.storage import SavedSession, SessionStore
from styletune.session.incoming import AckMessage, Incoming
from styletune.session.outgoing import LibraryMessage, Outgoing, RecentPicturesMessage
from styletune.session.scenes import Scene
from styletune.sweeps.spec import SweepSpec

GOLDEN = Path(__file__).parent / "golden"
# Pydantic and FastAPI make these out of names and docstrings; no text of ours stands in them.
DERIVED = ("title", "description", "summary", "operationId")
FASTAPIS_OWN = "HTTPValidationError"  # another one with each of its versions
PLAIN = (str, int, float, type(None))  # defaults that look the same everywhere
PICTURE = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
COMMANDS = (
    "--version", "", "nothing", "serve /nowhere.toml", "paint a b", "paint /no /no -o /no/out.png",
    "paint harbour woodcut -o out.png --steps 0", "paint harbour woodcut -o o.png --network lite2",
)  # fmt: skip


class Exact(GenerateJsonSchema):
    """JSON schemas that also say what else a model does: no conversions, fields left out."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        strict = {"strict": True} if schema.get("config", {}).get("strict") else {}
        return super().model_schema(schema) | strict

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        absent = schema.get("serialization_exclude_if")
        told = {"absent if null": True} if absent is not None and absent(None) else {}
        return super().model_field_schema(schema) | told


def schema_of(kind: Any, mode: JsonSchemaMode = "validation") -> Any:
    return inlined(TypeAdapter(kind).json_schema(mode=mode, schema_generator=Exact))


def inlined(schema: Any, root: Any = None) -> Any:
    """A JSON schema in which no name of a class or function is left."""
    root = schema if root is None else root
    if isinstance(schema, list):
        return [inlined(part, root) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(ref := schema.get("$ref"), str):
        if ref.endswith(FASTAPIS_OWN):
            return FASTAPIS_OWN
        beside = {key: part for key, part in schema.items() if key != "$ref"}
        named = reduce(getitem, ref.removeprefix("#/").split("/"), root)
        return inlined(named | beside, root)
    return {
        key: sorted(part) if key == "required" and isinstance(part, list) else inlined(part, root)
        for key, part in schema.items()
        # A property may be called `title`: then it is no text but a schema.
        if key not in ("$defs", "discriminator") and not (key in DERIVED and isinstance(part, str))
    }


def by_type(schema: Any) -> dict[str, Any]:
    members = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return {member["properties"]["type"]["const"]: member for member in members}


def controls() -> Any:
    def rows(**sections: Any) -> list[Any]:
        table = SessionConfig().with_overrides(**sections).table()
        laws: dict[object, Any] = {
            name: {"law": [float(f"{row.value(part / 4):.9g}") for part in range(5)]}
            for name, row in table.items()
            if row.kind is Kind.FADER
        }
        return [row | laws.get(row["name"], {}) for row in table.rows()]

    three = {"layers": ["block1_conv1", "block2_conv2", "block3_conv1"]}
    linear, descent = {"faders": "linear"}, {"name": "gd"}
    return {name: rows(network={"name": name}) for name in NETWORKS} | {
        "three layers, linear, 1500 px, gd": rows(
            network=three, painting=linear, optimizer=descent, pictures={"size": 1500}
        ),
        "terms": terms.rows(),
        "layers": {name: layer_rows(name, row.default_layers) for name, row in NETWORKS.items()},
    }


def messages() -> Any:
    return {
        "/ws in": by_type(schema_of(Incoming)),
        "/ws out": by_type(schema_of(Outgoing, "serialization")),
        "/frames in": by_type(schema_of(AckMessage)),
        "/api/recent out": schema_of(RecentPicturesMessage, "serialization"),
        "/api/library out": schema_of(LibraryMessage, "serialization"),
    }


def routes() -> Any:
    # The routes are the same whatever they serve: nothing of the hub is asked for here.
    app = create_app(Mock(), web=web_folder(), folder=Path(), executor=Mock())
    kinds = {
        f"{prefix}{route.path}": type(route).__name__.removeprefix("API")
        for prefix, route in walked(app.routes)
        if not getattr(route, "include_in_schema", False)
    }
    query = {
        f"{prefix}{route.path}?{field.alias}=": schema_of(field.field_info.annotation)
        for prefix, route in walked(app.routes)
        if isinstance(route, APIWebSocketRoute)
        for field in route.dependant.query_params
    }
    return {"described": inlined(app.openapi())["paths"], "others": kinds, "their queries": query}


def walked(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for route in routes:
        if (router := getattr(route, "original_router", None)) is not None:
            yield from walked(router.routes, prefix + route.include_context.prefix)
        else:
            yield prefix, route


def command_line() -> Any:
    with patch("argparse.ArgumentParser.parse_args", autospec=True) as asked:
        asked.side_effect = KeyboardInterrupt  # before anything is done
        with pytest.raises(KeyboardInterrupt):
            main([])
    return described(asked.call_args.args[0])


def described(parser: argparse.ArgumentParser) -> Any:
    def option(action: argparse.Action) -> dict[str, Any]:
        commands = isinstance(action, argparse._SubParsersAction)
        known = None if action.choices is None or commands else list(action.choices)
        shown = None if known or action.nargs == 0 else action.dest.upper()
        said = {name: getattr(action, name) for name in ("nargs", "default", "required", "help")}
        return said | {
            "does": type(action).__name__.strip("_").removesuffix("Action"),
            "metavar": action.metavar or shown,
            "const": action.const,
            "type": getattr(action.type, "__name__", None),
            "choices": known,
        }

    def flags(actions: list[argparse.Action]) -> list[str]:
        return ["/".join(action.option_strings) or str(action.metavar) for action in actions]

    actions, groups = parser._actions, parser._action_groups[2:]  # those that are ours
    kinds = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return {
        "description": parser.description,
        "epilog": parser.epilog,
        "options": dict(zip(flags(actions), map(option, actions), strict=True)),
        "order": flags(actions),
        "groups": {str(group.title): flags(group._group_actions) for group in groups},
        "exclusive": [flags(group._group_actions) for group in parser._mutually_exclusive_groups],
        "commands": {name: described(one) for kind in kinds for name, one in kind.choices.items()},
        "commands, in short": {
            one.dest: one.help for kind in kinds for one in kind._choices_actions
        },
    }


def files() -> Any:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = Scene(name="dawn", saved=1.5, controls={"smooth": 0.5, "color": "full"})
        with closing(SessionStore(folder)) as kept:
            kept.save(SavedSession({"smooth": 0.25, "average": True}, (scene,), "dawn", None))
        texts = {path.name: path.read_text() for path in folder.glob("*.json")}
        state = {"picture": np.zeros((1, 2, 2, 3), np.float32)}
        path = checkpoint.write(folder, checkpoint.Checkpoint(state, 7, 70, 3, 2, 1.5))
        with np.load(path) as arrays:
            head = arrays["checkpoint.json"].tobytes().decode()
            inside = {path.name: {"arrays": arrays.files, "checkpoint.json": head}}
    sent = encode(Frame(7, 70, 3, 1.5, 9.5, PICTURE, {}, 0.0, 0.0)).message
    picture = sent[4 : 4 + int.from_bytes(sent[:4], "little")].decode()
    profiles = sorted((configs_folder() / "controllers").glob("*.toml"))
    return {
        "session": schema_of(SessionConfig),
        "sweep": schema_of(SweepSpec),
        "profile": schema_of(profile._ProfileFile),
        "profiles, written again": {path.stem: written_again(path) for path in profiles},
        "scenes": schema_of(scenes.Exported),
        "scene": schema_of(scenes.SceneBody),
        "memory": texts,
        "checkpoint": inside,
        "picture on /frames": picture,
    }


def written_again(path: Path) -> list[str]:
    """The golden lines where the TOML means the same as theirs: its layout is no contract."""
    frozen = json.loads((GOLDEN / "files.json").read_text(encoding="utf-8"))
    lines: list[str] = frozen["profiles, written again"].get(path.stem, [])
    now = profile.dumps(profile.load(path))
    return lines if tomllib.loads("\n".join(lines)) == tomllib.loads(now) else now.splitlines()


def metrics() -> Any:
    return [
        {"name": row.shown, "kind": row.kind, "help": row.help, "labels": row.labels}
        for row in ROWS
    ]


def shared_memory() -> Any:
    def layout(of: ControlLayout | FrameLayout, block: ControlBlock | FrameBlock) -> Any:
        data = (FOLDER / block.name).read_bytes()
        return {
            "compared": str(of),  # its digest is in line 0
            "fields": [
                f"{offset}: {name} {kind.base.str} {list(kind.shape)}"
                for name, (kind, offset, *_) in (of._dtype.fields or {}).items()
            ],
            "bytes a slot": of.slot_bytes,
            "bytes": len(data),
            # In line 3 stands the checksum of what has been written.
            "lines": [data[64 * line : 64 * (line + 1)].hex(" ", 8) for line in range(6)],
            "purpose": block.name.rpartition("-")[2],
        }

    made = {}
    for layers, size in (("a", 64), ("ab", 256), ("abcdefgh", 1024)):
        table = ControlTable(layers, size_px=size)
        triggers = {name: index for index, name in enumerate(table.triggers)}
        row = tuple(Term(1.0, 2.0, 3.0, index) for index in range(len(layers)))
        terms = {"content": row, "style": row}
        frame = Frame(7, 70, 9, 1.5, 9.5, PICTURE, terms, 4.0, 5.0, 1, 6, True)
        with (
            closing(ControlBlock.create(table)) as control,
            closing(FrameBlock.create(layers, size)) as frames_,
        ):
            control.write(ControlState(9, table.defaults(), triggers))
            frames_.publish(frame)
            made[f"layers {layers}, {size} px"] = {
                "control": layout(ControlLayout(table), control),
                "frame": layout(FrameLayout(layers, size), frames_),
            }
            control.unlink()
            frames_.unlink()
    return made


def exports() -> Any:
    player = client.Client(client.Address.of(environment={}))
    return {
        "styletune.client": {name: public(getattr(client, name)) for name in client.__all__},
        "styletune.client.sync": {
            name: public(getattr(sync, name)) for name in ("connect", "SyncClient")
        },
        "attributes of a Client": sorted(name for name in vars(player) if name[0] != "_"),
    }


def public(thing: Any) -> Any:
    if is_typeddict(thing):
        return {key: plain(kind) for key, kind in thing.__annotations__.items()}
    if isinstance(thing, property):
        return f"property -> {plain(inspect.signature(thing.fget).return_annotation)}"  # type: ignore[arg-type]
    if isinstance(thing, UnionType):
        return plain(thing)
    if inspect.isclass(thing):
        ours = [vars(kind) for kind in thing.__mro__ if kind.__module__.startswith("styletune.")]
        names = {name for members in ours for name in members if name[0] != "_"} | {"__init__"}
        return {name: public(inspect.getattr_static(thing, name)) for name in sorted(names)}
    function = getattr(thing, "__func__", thing)
    if not callable(function):
        return "attribute"
    waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return ("async " if waits else "") + signature(function)


def signature(function: Callable[..., Any]) -> str:
    told, words = inspect.signature(function), list[str]()
    for name, one in told.parameters.items():
        if one.kind is one.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        default = repr(one.default) if isinstance(one.default, PLAIN) else "…"
        given = "" if one.default is one.empty else f" = {default}"
        words += [f"{name}: {plain(one.annotation)}{given}"] if name not in ("self", "cls") else []
    return f"({', '.join(words)}) -> {plain(told.return_annotation)}"


def plain(annotation: Any) -> str:
    """A type as text, without the modules and quotes of its parts."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"(?:\b\w+\.)+(?=\w)", "", text).replace("'", "")


def environment() -> Any:
    def code(line: str) -> int:
        try:
            return main(line.split())
        except SystemExit as end:
            return int(end.code or 0)

    sources = Path(styletune.__file__).parent.rglob("*.py")
    named = [re.findall(r"STYLETUNE_[A-Z_]+", path.read_text(encoding="utf-8")) for path in sources]
    codes = {line: code(line) for line in COMMANDS}
    with patch("pathlib.Path.read_text", side_effect=KeyboardInterrupt):
        codes["Ctrl-C"] = code("serve /nowhere.toml")
    kinds = vars(errors).items()
    return {
        "variables": sorted(set(chain.from_iterable(named))),
        "exit codes": codes,
        "errors": {name: kind.exit_code for name, kind in kinds if hasattr(kind, "exit_code")},
    }


CONTRACTS: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (
        controls, messages, routes, command_line, files, metrics, shared_memory, exports,
        environment,
    )
}  # fmt: skip


def golden(value: Any) -> str:
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    # Short lists in one line.
    return re.sub(r"\[[^][{}]{,120}\]", lambda found: re.sub(r"\n +", " ", found[0]), text)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_as_it_was(name: str) -> None:
    before = (GOLDEN / f"{name}.json").read_text(encoding="utf-8").splitlines()
    now = golden(CONTRACTS[name]()).splitlines()
    changed = list(difflib.unified_diff(before, now, "golden", "now", lineterm=""))
    assert not changed, "\n".join(changed)


def test_there_are_no_other_golden_files() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == CONTRACTS.keys()


if __name__ == "__main__":
    for stem, make in CONTRACTS.items():
        (GOLDEN / f"{stem}.json").write_text(golden(make()), encoding="utf-8")
