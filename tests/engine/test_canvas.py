"""Sizes and pictures of a canvas."""

import time

import numpy as np
import pytest
from PIL import Image

from styletune import memory
from styletune.engine import canvas
from styletune.engine.backend import to_host
from styletune.engine.canvas import Canvas, SizeDebounce
from styletune.engine.canvas_builder import CanvasBuilder
from styletune.errors import PictureError
from styletune.ipc.commands import SetContent
from tests.support.small_painter import picture, small_session


def test_the_session_size_is_met_exactly_and_others_in_steps_of_8_px() -> None:
    session = small_session(pictures={"size": 250})
    table, positions = session.table(), session.positions()
    assert canvas.size_px(table, positions) == 250
    for value, wanted in ((64, 64), (251.5, 248), (255, 256), (1024, 1024)):
        moved = positions | {"size": table["size"].position(value)}
        assert canvas.size_px(table, moved) == wanted


def test_it_begins_with_a_quarter_of_the_pixels_unless_told_otherwise() -> None:
    assert canvas.first_size_px(small_session(), 256) == 128
    assert canvas.first_size_px(small_session(), 128) == 128
    assert canvas.first_size_px(small_session(painting={"scales": False}), 512) == 512


def test_a_hand_on_the_fader_is_waited_for() -> None:
    wish = SizeDebounce(256)
    assert wish.is_stable(256, now=0.0, for_s=0.25)
    assert not wish.is_stable(264, now=1.0, for_s=0.25)
    assert not wish.is_stable(272, now=1.2, for_s=0.25)
    assert not wish.is_stable(272, now=1.4, for_s=0.25)
    assert wish.is_stable(272, now=1.5, for_s=0.25)


def test_styles_are_read_at_their_scale(tmp_path) -> None:
    for name, seed in (("content", 1), ("style", 2)):
        Image.fromarray(picture(60, 80, seed)).save(tmp_path / f"{name}.png")
    session = small_session(
        pictures={
            "content": str(tmp_path / "content.png"),
            "styles": [str(tmp_path / "style.png")],
            "size": 80,
        }
    )
    positions = session.positions()
    plain = Canvas(session, positions, 80)
    assert plain.shape == (60, 80, 3)
    assert plain._style_sizes_px == [80]
    doubled = Canvas(session, positions | {"style_scale.1": 0.75}, 80)
    assert doubled._style_sizes_px == [160]
    assert plain.with_size(40, positions).shape == (30, 40, 3)
    painter = plain.build_painter()
    target = painter.model.get_layer("style_block1_conv1").target
    before = to_host(target)
    plain.rescale_styles(painter, positions | {"style_scale.1": 0.25})
    assert plain._style_sizes_px == [40]
    assert not np.allclose(before, to_host(target))


def test_the_colours_of_a_transparent_content_are_continued(tmp_path) -> None:
    logo = Image.new("RGBA", (80, 60))
    logo.paste((200, 60, 40, 255), (20, 20, 50, 40))
    logo.save(tmp_path / "logo.png")
    session = small_session(pictures={"content": str(tmp_path / "logo.png"), "size": 40})
    made = Canvas(session, session.positions(), 40)
    assert (made.content == (200, 60, 40)).all()  # neither a rim nor white around
    assert made.alpha.shape == (30, 40)
    assert (made.alpha[12:18, 12:23] == 255).all()
    assert not made.alpha[:5].any()
    plain = small_session(pictures={"content": "harbour", "size": 40})
    assert Canvas(plain, plain.positions(), 40).alpha is None


def test_a_session_says_how_many_megapixels_are_read(tmp_path) -> None:
    Image.new("L", (1100, 1000), 99).save(tmp_path / "large.png")
    large = {"content": str(tmp_path / "large.png"), "size": 40, "max_megapixels": 1}
    with pytest.raises(PictureError, match=r"at most 1 megapixels; .* --max-megapixels 2$"):
        canvas.load_content(small_session(pictures=large))
    session = small_session(pictures=large | {"max_megapixels": 2})
    assert canvas.load_content(session).shape == (36, 40, 3)


def test_what_changed_meanwhile_is_caught_up_with(tmp_path) -> None:
    paths = []
    for seed in range(4):
        paths.append(str(tmp_path / f"{seed}.png"))
        Image.fromarray(picture(48, 48, seed)).save(paths[-1])
    session = small_session(pictures={"content": paths[0], "styles": [paths[1]], "size": 48})
    positions = session.positions()
    old = Canvas(session, positions, 48)
    old_painter = old.build_painter()
    new = old.with_size(64, positions)
    painter = new.build_painter()
    old.set_style(old_painter, 0, paths[2], positions)
    old.set_style(old_painter, 1, paths[3], positions)
    new.sync_from(painter, old, positions)
    assert new._styles == paths[2:]
    old.remove_style(old_painter, 0)
    new.sync_from(painter, old, positions)
    assert new._styles == paths[3:]


def test_a_style_is_taken_away_by_its_path_and_numbers_too_high_add(tmp_path) -> None:
    paths = []
    for seed in range(4):
        paths.append(str(tmp_path / f"{seed}.png"))
        Image.fromarray(picture(48, 48, seed)).save(paths[-1])
    session = small_session(pictures={"content": paths[0], "styles": [paths[1]], "size": 48})
    positions = session.positions()
    plain = Canvas(session, positions, 48)
    painter = plain.build_painter()
    alone = to_host(painter.model.get_layer("style_block1_conv1").target)
    plain.set_style(painter, 2, paths[2], positions)  # style 2 had been refused
    plain.set_style(painter, 2, paths[3], positions)
    assert plain._styles == paths[1:]
    for path in (paths[2], "never heard of", paths[3], paths[1]):
        plain.remove_path(painter, path)
    assert plain._styles == paths[1:2]  # the only one stays
    assert np.allclose(alone, to_host(painter.model.get_layer("style_block1_conv1").target))


def test_a_picture_that_is_missing_leaves_the_canvas_as_it_was(tmp_path) -> None:
    from styletune.errors import PictureError

    Image.fromarray(picture(48, 48, 0)).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    session = small_session(pictures={"content": path, "styles": [path], "size": 48})
    plain = Canvas(session, session.positions(), 48)
    painter = plain.build_painter()
    with pytest.raises(PictureError):
        plain.set_style(painter, 0, str(tmp_path / "none.png"), session.positions())
    assert plain._styles == [path]


def test_a_size_is_not_shown_where_its_fader_went_back_meanwhile(tmp_path) -> None:
    Image.fromarray(picture(48, 48, 0)).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    session = small_session(pictures={"content": path, "styles": [path], "size": 48})
    positions = session.positions()
    other = positions | {"size": session.table()["size"].position(64)}
    builder = CanvasBuilder(session, positions, print, lambda rejected: pytest.fail(str(rejected)))
    painter = builder.first_painter(positions, full=True)
    while builder._build is None:  # until the fader has come to rest
        assert builder.poll(painter, other) is painter
        time.sleep(0.01)
    assert not builder.is_current(positions)
    while not builder.is_current(positions):
        assert builder.poll(painter, positions) is painter
        time.sleep(0.01)
    assert painter.height == 48


def test_a_shallow_step_is_traced_once_when_layers_are_muted(tmp_path) -> None:
    Image.fromarray(picture(48, 48, 0)).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    session = small_session(pictures={"content": path, "styles": [path], "size": 48})
    positions = session.positions()
    builder = CanvasBuilder(session, positions, print, lambda rejected: pytest.fail(str(rejected)))
    painter = builder.first_painter(positions, full=True)
    assert builder.poll(painter, positions) is painter
    assert painter.solver.depths.ready == {3}  # nothing is traced that nobody needs
    painter.apply(positions | {f"{term}.block3_conv2.mute": 1.0 for term in ("content", "style")})
    for _ in range(3):
        builder.poll(painter, positions)
    while painter.solver.depths.ready != {2, 3}:
        time.sleep(0.01)
    assert painter.traces == 1  # the whole is traced when it is first taken


def test_a_size_that_memory_does_not_hold_is_rejected(tmp_path, monkeypatch) -> None:
    Image.fromarray(picture(48, 48, 0)).save(tmp_path / "a.png")
    Image.fromarray(picture(24, 48, 0)).save(tmp_path / "wide.png")
    path = str(tmp_path / "a.png")
    session = small_session(pictures={"content": path, "styles": [path], "size": 48})
    positions, rejected = session.positions(), []
    larger = positions | {"size": session.table()["size"].position(64)}
    builder = CanvasBuilder(session, positions, print, rejected.append)
    painter = builder.first_painter(positions, full=True)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1_000_000)
    while not rejected:
        assert builder.poll(painter, larger) is painter
        time.sleep(0.01)
    assert rejected[0].label == "size"
    assert rejected[0].message.startswith("a painting of 64 × 64 px by lite takes about 0.0 GB")
    assert builder.is_current(larger)  # the nearest that can be had
    command = SetContent(str(tmp_path / "wide.png"))
    builder.apply_command(command, painter, positions)
    assert (rejected[1].label, rejected[1].path) == ("content", command.path)
    assert builder.canvas.paths[0] == path
