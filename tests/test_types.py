"""The types of the page are generated from the messages; the client's agree with them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest
from pydantic import Field

from styletune.client import types as client_types
from styletune.controls import Kind
from styletune.session import outgoing
from tools import types


def test_the_declarations_of_the_page_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert types.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_file_is_reported_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(types, "TARGET", tmp_path / "types.d.ts")
    types.TARGET.write_text("interface Yesterday {}\n")
    assert types.main(["--check"]) == 1
    assert "types.d.ts is stale: run `python -m tools.types`" in capsys.readouterr().err
    assert types.main([]) == 0
    assert types.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, "string"),
        (float | bool | str, "number | boolean | string"),
        (int | float | None, "number | null"),
        (Annotated[int, Field(ge=0)] | None, "number | null"),
        (tuple[tuple[int, ...], ...], "number[][]"),
        (list[int | None], "(number | null)[]"),
        (Mapping[str, Any], "Record<string, unknown>"),
        (Literal["up", "down"] | None, '"up" | "down" | null'),
        (Kind, '"fader" | "switch" | "choice" | "trigger"'),
        (outgoing.Picture, "Picture"),
    ],
)
def test_an_annotation_becomes_a_typescript_type(annotation: Any, expected: str) -> None:
    assert types.typescript(annotation) == expected


def test_an_annotation_without_a_counterpart_is_refused() -> None:
    with pytest.raises(TypeError, match="no TypeScript type for <class 'bytes'>"):
        types.typescript(bytes)


LOSS = outgoing.TermLoss(raw=2.0, weight=0.5, weighted=1.0, share=0.25)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            client_types.Epoch,
            outgoing.EpochMessage(
                epoch=1,
                step=10,
                rev=3,
                time=1.5,
                steps_per_s=9.5,
                width=128,
                height=96,
                losses=(outgoing.LayerLoss(layer="block1_conv1", content=LOSS, style=LOSS),),
                smooth=0.5,
                total=2.5,
                run=outgoing.RunStep(run=1, step=10, done=False),
            ),
        ),
        (client_types.State, outgoing.StateMessage(state="running")),
        (
            client_types.Pictures,
            outgoing.PicturesMessage(
                content=outgoing.Picture(name="harbour", width=4, height=3, version=1),
                styles=(outgoing.Picture(name="strokes", width=4, height=3, version=2),),
            ),
        ),
    ],
)
def test_a_message_is_what_the_client_declares(
    declared: Any, message: outgoing.OutgoingMessage
) -> None:
    # The client's types are public: they name only the fields that its users may rely on.
    assert_declared(json.loads(message.text), declared)


def assert_declared(value: Any, declared: Any) -> None:
    if is_typeddict(declared):
        for name, kind in get_type_hints(declared).items():
            assert_declared(value[name], kind)
    elif get_origin(declared) is list:
        assert value
        for item in value:
            assert_declared(item, *get_args(declared))
    else:
        assert isinstance(value, declared), f"{value!r} is no {declared}"
