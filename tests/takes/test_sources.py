"""Source pictures are known by their pixels, wherever their files lie."""

from pathlib import Path

import pytest
from PIL import Image

from styletune.errors import TakeError
from styletune.images import decode, samples
from styletune.server.decoding import decode_picture
from styletune.takes import sources


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sample `harbour` as the server paints from it."""
    path = tmp_path / "run" / "0123.png"
    path.parent.mkdir()
    decode_picture(decode.read(samples.path("harbour")), "my harbour.jpg", path)
    return path


def test_a_decoded_copy_has_the_fingerprint_of_its_file(copy: Path) -> None:
    assert sources.fingerprint(copy) == sources.fingerprint(samples.path("harbour"))


def test_a_picture_keeps_the_name_that_people_know(copy: Path) -> None:
    assert sources.identify(copy).name == "my harbour.jpg"
    assert sources.identify("woodcut").name == "woodcut"


def test_pictures_are_found_beside_the_take_in_folders_and_among_the_samples(
    tmp_path: Path, copy: Path
) -> None:
    own = tmp_path / "own.png"
    Image.new("RGB", (40, 30), (1, 2, 3)).save(own)
    known = {sources.fingerprint(path): sources.identify(path) for path in (copy, own)}
    take = tmp_path / "takes" / "one.jsonl"
    take.parent.mkdir()
    with pytest.raises(TakeError, match=r"missing: own \(sha256 [0-9a-f]{12}…\).*--pictures"):
        sources.find(known, take, ())
    found = sources.find(known, take, [tmp_path])
    assert found[sources.fingerprint(own)] == str(own)
    for path, picture in zip((copy, own), known.values(), strict=True):
        sources.keep(path, picture, take.parent)
        sources.keep(path, picture, take.parent)  # once is enough
    found = sources.find(known, take, ())
    assert {Path(path).parent for path in found.values()} == {take.parent / "pictures"}
