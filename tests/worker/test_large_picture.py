"""A picture that is painted on at a larger size, stopped in between and gone on with."""

import json
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image

from styletune.images.encode import write
from styletune.images.png_metadata import read_metadata
from styletune.worker import large_picture
from styletune.worker.large_picture import LargePicture, large_plan
from tests.support.small_painter import picture, small_session


def test_plans_go_up_from_what_stands() -> None:
    assert large_plan(2048, 512) == [(728, 40), (1024, 40), (1448, 40), (2048, 60)]
    assert large_plan(1024, 728) == [(1024, 60)]
    assert large_plan(1024, 1024) == large_plan(1024, 2000) == [(1024, 60)]


@pytest.mark.long  # paints
def test_a_picture_is_painted_on_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_picture, "STEPS", 6)
    monkeypatch.setattr(large_picture, "LAST_STEPS", 6)
    for name in ("content", "style"):
        Image.fromarray(picture(48, 64, len(name))).save(tmp_path / f"{name}.png")
    session = small_session(
        pictures={"content": "content.png", "styles": ["style.png"]}, controls={"smooth": 0.3}
    )
    data = session.model_dump(mode="json", exclude_none=True)
    (tmp_path / "session.toml").write_text(tomli_w.dumps(data))
    (tmp_path / "state.json").write_text(json.dumps({"controls": {"smooth": 0.3}, "step": 9}))
    start = picture(48, 64, 9)
    write(tmp_path / "start.png", start, {})
    first = LargePicture(tmp_path, 128)
    assert first.run(lambda: first.steps_taken > 6) is False  # at the second size
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["state"] == "painting"
    assert 0 < status["progress"] < 1
    second = LargePicture(tmp_path, 128)
    assert second.steps_taken == first.steps_taken > 6
    assert second.run() is True
    assert json.loads((tmp_path / "status.json").read_text())["state"] == "written"
    with Image.open(tmp_path / "out.png") as image:
        state = json.loads(image.text["styletune"])
        painted = np.asarray(image)
    assert painted.shape == (96, 128, 3)
    assert (state["width"], state["height"], state["step"]) == (128, 96, 9)
    assert state["render_steps"] == 12
    assert read_metadata((tmp_path / "out.png").read_bytes()).controls == {"smooth": 0.3}
    # It is what stood there, and has been painted on.
    larger = np.asarray(Image.fromarray(start).resize((128, 96), Image.Resampling.LANCZOS))
    assert 1 < np.abs(painted.astype(float) - larger).mean() < 25
