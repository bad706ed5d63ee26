"""The lines of a take: written, read back, and refused where they are not what they should be."""

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from styletune.errors import TakeError
from styletune.takes.lines import (
    Frame,
    Line,
    Move,
    SourcePicture,
    Start,
    decode_arrays,
    encode,
    encode_arrays,
    read,
)

PICTURE = SourcePicture(name="harbour", pixels="0" * 64)
START = Start(
    time=1.5, step=3, styletune="1", session={}, positions={"size": 0.1 + 0.2}, rev=2,
    content=PICTURE, styles=(PICTURE,), size=64, scales={"style": [1.0]},
    random={"state": 2**127 + 1},
)  # fmt: skip
MOVE = Move(time=2.0, step=4, rev=3, set={"style.block1_conv1": 1 / 3})


def written(folder: Path, *lines: bytes) -> Path:
    path = folder / "take.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_lines_come_back_as_they_were(tmp_path: Path) -> None:
    lines = [START, MOVE, Frame(time=2.1, step=5)]
    assert list(read(written(tmp_path, *map(encode, lines)))) == lines


def test_a_line_is_json_that_tells_its_type_first() -> None:
    assert encode(Frame(time=2.1, step=5)) == b'{"type":"frame","time":2.1,"step":5}\n'


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, encode(START), encode(MOVE)[:-9])
    assert list(read(path)) == [START]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "is empty"),
        ([encode(MOVE)], "is no take"),
        ([b"\x89PNG\r\n"], "is no JSON"),
        ([encode(START), b"{\n", encode(MOVE)], "line 2: is damaged"),
        ([encode(START).replace(b'"version":1', b'"version":2')], "version 2; this .* version 1"),
        ([encode(START), b'{"type":"dance","time":1,"step":1}\n'], "line 2: .*dance"),
        ([encode(START), b'{"type":"frame","time":NaN,"step":1}\n'], "line 2"),
        ([encode(START), b'{"type":"frame","time":1,"step":-1}\n'], "line 2: .*step"),
        ([encode(START), b'{"type":"move","time":1,"step":1,"rev":1,"set":{"a":"b"}}\n'], "line 2"),
    ],
)  # fmt: skip
def test_what_is_no_take_is_refused_with_its_line(
    tmp_path: Path, lines: list[bytes], why: str
) -> None:
    with pytest.raises(TakeError, match=why):
        list(read(written(tmp_path, *lines)))


def test_a_missing_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="No such file"):
        list(read(tmp_path / "none.jsonl"))


def test_further_keys_are_a_later_versions(tmp_path: Path) -> None:
    line = json.dumps(json.loads(encode(MOVE)) | {"later": 1}).encode() + b"\n"
    assert list(read(written(tmp_path, encode(START), line))) == [START, MOVE]


def test_arrays_come_back_bit_by_bit() -> None:
    arrays = {"picture": np.random.default_rng(0).random((4, 3, 3)).astype(np.float32)}
    (name, found), *_ = decode_arrays(encode_arrays(arrays)).items()
    assert name == "picture"
    assert np.array_equal(found, arrays[name])


@pytest.mark.parametrize("text", ["!", "AAAA", encode_arrays({"a": np.zeros(9)})[:-40]])
def test_damaged_arrays_are_refused(text: str) -> None:
    with pytest.raises(TakeError, match="damaged"):
        decode_arrays(text)


def test_the_guide_names_each_line_with_its_fields() -> None:
    text = (Path(__file__).parents[2] / "docs/takes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", text, re.M))
    for model in get_args(Line):
        row = rows.pop(model.model_fields["type"].default)
        fields = model.model_fields.keys() - {"type", "time", "step"}
        assert set(re.findall(r"`(\w+)`", row.rpartition(" | ")[2])) >= fields
    assert not rows
