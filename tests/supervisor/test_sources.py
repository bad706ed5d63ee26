"""Which picture is painted from in which slot, and what was there before."""

from pathlib import Path

import pytest

from styletune.errors import PictureError
from styletune.ipc.commands import SetLook, SetSource
from styletune.supervisor.sources import CONTENT, MAX_HISTORY, SourcePictures


@pytest.fixture
def sources() -> SourcePictures:
    return SourcePictures(Path("content"), [Path("style")])


def versions(sources: SourcePictures) -> list[int]:
    return [slot.version for slot in sources.slots]


def test_the_newest_pictures_are_painted(sources: SourcePictures) -> None:
    sources.set_content(Path("c2"))
    sources.set_style(0, Path("s2"))
    sources.set_style(1, Path("second"))
    assert (sources.content, sources.styles) == (Path("c2"), (Path("s2"), Path("second")))


def test_each_change_raises_the_version_of_its_slot(sources: SourcePictures) -> None:
    sources.set_style(0, Path("s2"))
    assert versions(sources) == [1, 2]
    sources.revert(Path("s2"))
    assert versions(sources) == [1, 3]


def test_a_rejected_picture_gives_way_to_the_one_before(sources: SourcePictures) -> None:
    for path in ("c2", "bad", "c3", "bad"):
        sources.set_content(Path(path))
    assert sources.revert(Path("bad"))
    assert sources.content == Path("c3")
    assert sources.revert(Path("c3"))
    assert sources.content == Path("bad")  # it was set twice, and rejected once
    assert not sources.revert(Path("unknown"))
    assert sources.content == Path("bad")


def test_a_picture_rejected_late_is_never_gone_back_to(sources: SourcePictures) -> None:
    sources.set_content(Path("bad"))
    sources.set_content(Path("worse"))
    assert not sources.revert(Path("bad"))
    assert sources.content == Path("worse")
    assert sources.revert(Path("worse"))
    assert sources.content == Path("content")


def test_first_pictures_stay_but_a_rejected_new_style_goes(sources: SourcePictures) -> None:
    sources.set_style(1, Path("second"))
    assert [sources.revert(Path(name)) for name in ("content", "second", "style")] == [
        False, True, False,
    ]  # fmt: skip
    assert (sources.content, sources.styles) == (Path("content"), (Path("style"),))


def test_the_first_style_stays_beside_others(sources: SourcePictures) -> None:
    sources.set_style(1, Path("second"))
    assert not sources.revert(Path("style"))
    assert sources.styles == (Path("style"), Path("second"))


def test_a_slot_remembers_its_last_eight(sources: SourcePictures) -> None:
    for number in range(20):
        sources.set_content(Path(f"{number}"))
    assert len(sources.slots[CONTENT].history) == MAX_HISTORY
    for number in reversed(range(20)):
        sources.revert(Path(f"{number}"))
    assert sources.content == Path("11")


def test_pictures_just_removed_are_still_needed(sources: SourcePictures) -> None:
    sources.set_style(1, Path("second"))
    sources.set_content(Path("bad"))
    sources.remove_style(1)
    sources.revert(Path("bad"))
    assert sources.paths == {Path(name) for name in ("content", "style", "second", "bad")}
    for number in range(20):
        sources.set_style(1, Path(f"{number}"))
        sources.remove_style(1)
    assert sources.paths.isdisjoint({Path("second"), Path("bad"), Path("11")})
    assert Path("12") in sources.paths


def test_a_removed_style_lets_those_after_it_move_up(sources: SourcePictures) -> None:
    for index in (1, 2, 3):
        sources.set_style(index, Path(f"s{index}"))
    assert sources.remove_style(1) == Path("s1")
    assert sources.styles == (Path("style"), Path("s2"), Path("s3"))


def test_a_moved_style_has_a_version_that_its_slot_never_had(sources: SourcePictures) -> None:
    seen = {(1, versions(sources)[1])}
    for index, name in ((1, "two"), (2, "three")):
        sources.set_style(index, Path(name))
        seen.add((index + 1, versions(sources)[index + 1]))
    sources.remove_style(1)
    assert (2, versions(sources)[2]) not in seen  # or a page would show the former picture
    sources.set_style(2, Path("four"))
    assert versions(sources)[3] not in (1, versions(sources)[2])


def test_a_style_that_there_cannot_be_is_refused(sources: SourcePictures) -> None:
    with pytest.raises(PictureError, match=r"there are 1 style pictures, .* received style 3"):
        sources.set_style(2, Path("x"))
    for index in (1, 2, 3):
        sources.set_style(index, Path(f"{index}"))
    with pytest.raises(PictureError, match=r"there are 4 style pictures, and at most 4; received"):
        sources.set_style(4, Path("x"))
    for index in (0, 4, -1):
        with pytest.raises(PictureError, match=r"styles 2 to 4 can be removed; received"):
            sources.remove_style(index)


def test_the_newest_look_and_live_source_are_kept_for_the_next_worker(
    sources: SourcePictures,
) -> None:
    assert (sources.look, sources.live) == ("", "content")
    for command in (SetLook("a.keras"), SetSource("camera"), SetLook("b.keras")):
        sources.set_live(command)
    assert (sources.look, sources.live) == ("b.keras", "camera")
