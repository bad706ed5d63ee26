"""What a take's file holds, read from its ends."""

import os
from pathlib import Path

import pytest

from styletune.errors import TakeError
from styletune.takes import summary
from styletune.takes.lines import Frame, Pictures, SourcePicture, encode
from styletune.takes.summary import Summary, picture_hashes, summarize
from styletune.takes.writer import TakeWriter
from tests.takes.test_lines import MOVE, PICTURE, START, written

# Larger than all that is read of it.
PAINTED = START.model_copy(update={"painting": "A" * 400_000})


def test_a_take_is_summed_up_from_its_ends(tmp_path: Path) -> None:
    path = written(tmp_path, encode(PAINTED), encode(MOVE), encode(Frame(time=62.5, step=9))[:-4])
    assert summarize(path) == Summary(1.5, 0.5, 64, ("harbour", "harbour"))


def test_a_take_that_ends_in_a_painting_is_as_long_as_its_file_is_young(tmp_path: Path) -> None:
    path = written(tmp_path, encode(START), encode(PAINTED))
    os.utime(path, (11.5, 11.5))
    assert summarize(path).length_s == 10


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\x89PNG\r\n", "no JSON"),
        (encode(MOVE), "is no take"),
        (encode(START).replace(b'"version":1', b'"version":2'), "version 2; this .* version 1"),
    ],
)
def test_what_is_no_take_is_told(tmp_path: Path, line: bytes, why: str) -> None:
    with pytest.raises(TakeError, match=why):
        summarize(written(tmp_path, line))


def test_pictures_are_found_across_pieces_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SourcePicture(name="other", pixels="ab" * 32)
    line = Pictures(time=2, step=4, content=PICTURE, styles=(other,))
    path = written(tmp_path, encode(START), encode(line))
    for size in (97, 100, 131):
        monkeypatch.setattr(summary, "CHUNK_BYTES", size)
        assert picture_hashes(path) == {PICTURE.pixels, other.pixels}


def test_a_file_that_goes_on_loses_the_half_line_of_a_killed_writer(tmp_path: Path) -> None:
    path = written(tmp_path, encode(START), encode(MOVE), encode(PAINTED)[:-200])
    writer = TakeWriter(path)
    assert writer.size == path.stat().st_size
    writer.write(MOVE)
    writer.close()
    assert path.read_bytes() == encode(START) + 2 * encode(MOVE)
