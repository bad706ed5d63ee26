"""What hangs where, and what hung there before."""

import pytest

from styletune.errors import PictureError
from styletune.supervisor.sources import SourcePaths


@pytest.fixture
def places() -> SourcePaths:
    return SourcePaths("content", ["style"])


def test_what_is_hung_is_what_the_next_worker_is_told(places: SourcePaths) -> None:
    places.hang_content("c2")
    places.hang_style(0, "s2")
    places.hang_style(1, "second")
    assert (places.content, places.styles) == ("c2", ("s2", "second"))


def test_a_refused_picture_gives_way_to_the_one_before(places: SourcePaths) -> None:
    for path in ("c2", "bad", "c3", "bad"):
        places.hang_content(path)
    places.refuse("bad")
    assert places.content == "c3"
    places.refuse("c3")
    assert places.content == "bad"  # it was hung twice, and refused once
    places.refuse("unknown")
    assert places.content == "bad"


def test_the_first_picture_of_a_place_stays_but_an_added_style_goes(places: SourcePaths) -> None:
    places.hang_style(1, "second")
    for path in ("content", "second", "style"):
        places.refuse(path)
    assert (places.content, places.styles) == ("content", ("style",))


def test_a_place_remembers_its_last_eight(places: SourcePaths) -> None:
    for number in range(20):
        places.hang_content(f"{number}")
    for number in reversed(range(20)):
        places.refuse(f"{number}")
    assert places.content == "12"


def test_a_removed_style_lets_those_after_it_move_up(places: SourcePaths) -> None:
    for index in (1, 2, 3):
        places.hang_style(index, f"s{index}")
    assert places.remove_style(1) == "s1"
    assert places.styles == ("style", "s2", "s3")


def test_a_style_that_there_cannot_be_is_refused(places: SourcePaths) -> None:
    with pytest.raises(PictureError, match=r"there are 1 style pictures, .* received style 3"):
        places.hang_style(2, "x")
    for index in (1, 2, 3):
        places.hang_style(index, f"{index}")
    with pytest.raises(PictureError, match=r"there are 4 style pictures, and at most 4; received"):
        places.hang_style(4, "x")
    for index in (0, 4, -1):
        with pytest.raises(PictureError, match=r"styles 2 to 4 can be removed; received"):
            places.remove_style(index)
