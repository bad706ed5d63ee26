"""Drawings of layers beside the painting: one at a time, the newest request first."""

import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from styletune.engine.painter import Painter
from styletune.ipc.commands import MAX_LAYER_BYTES, LayerDrawn
from styletune.lab.observation import Observation
from styletune.worker import layer_drawing
from styletune.worker.layer_drawing import LayerDrawing
from tests.support.small_painter import LAYERS, picture, small_painter


@pytest.fixture(scope="module")
def painter() -> Painter:
    return small_painter(styles=2)


def drawn_by(drawing: LayerDrawing, painter: Painter, sent: list[LayerDrawn]) -> LayerDrawn:
    end = time.monotonic() + 60
    while not sent and time.monotonic() < end:
        drawing.poll(painter)
        time.sleep(0.01)
    return sent.pop()


def test_request_is_answered_with_a_picture_that_fits_into_the_pipe(painter: Painter) -> None:
    sent: list[LayerDrawn] = []
    drawing = LayerDrawing(sent.append)
    drawing.poll(painter)
    drawing.request(LAYERS[2])
    answer = drawn_by(drawing, painter, sent)
    assert answer.layer == LAYERS[2]
    assert len(answer.data) <= MAX_LAYER_BYTES
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.format == "WEBP"
    drawing.poll(painter)
    assert not sent  # one answer to a request


def test_only_the_newest_request_waits_and_each_sees_the_main_style(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, looked_at = threading.Event(), []

    def observe(features: object, pixels: np.ndarray, layers: list[str]) -> list[Observation]:
        go_on.wait(60)
        looked_at.append((layers[0], pixels is painter.main_style))
        one = np.ones((1, 8, 8), np.float32)
        return [Observation(layers[0], (0,), one, np.eye(16, dtype=np.float32))]

    monkeypatch.setattr(layer_drawing, "observe", observe)
    sent: list[LayerDrawn] = []
    drawing = LayerDrawing(sent.append)
    for layer in LAYERS:  # the first is under way, the second is overtaken
        drawing.request(layer)
        drawing.poll(painter)
    go_on.set()
    first = drawn_by(drawing, painter, sent)
    second = drawn_by(drawing, painter, sent)
    assert [first.layer, second.layer] == [LAYERS[0], LAYERS[2]]
    again = ((LAYERS[0], False), (LAYERS[0], True), (LAYERS[2], False), (LAYERS[2], True))
    assert tuple(looked_at) == again
    drawing.request(LAYERS[0])
    drawn_by(drawing, painter, sent)
    assert tuple(looked_at) == (*again, (LAYERS[0], False))  # the style's is known
    painter.set_style(0, picture(40, 40, 8))
    drawing.request(LAYERS[0])
    drawn_by(drawing, painter, sent)
    assert looked_at[-1] == (LAYERS[0], True)  # until there is another style


def test_what_cannot_be_drawn_is_empty_and_painting_goes_on(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(layer_drawing, "observe", fail)
    sent: list[LayerDrawn] = []
    drawing = LayerDrawing(sent.append)
    drawing.request(LAYERS[0])
    assert drawn_by(drawing, painter, sent) == LayerDrawn(LAYERS[0], b"")


def test_main_style_is_the_one_with_the_largest_share(painter: Painter) -> None:
    before = painter.main_style
    painter.apply(painter.inputs.positions | {"style_mix": 0.9})
    assert painter.main_style is not before
    painter.set_style(1, picture(40, 40, 7))
    np.testing.assert_array_equal(painter.main_style, picture(40, 40, 7).astype(np.float32))
    painter.apply(painter.inputs.positions | {"style_mix": 0.1})
    assert painter.main_style is before
