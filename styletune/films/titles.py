"""What is written below a frame, and frames side by side."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Picture = npt.NDArray[np.uint8]

_GROUND, _IVORY, _QUIET = (17, 17, 16), (236, 231, 220), (179, 174, 163)  # as on the page
_READABLE_PX = 11  # below, a title takes two lines
_MARGIN = 1.2  # beside a title and within it, in heights of its letters
_COLUMNS = 4
_WIDEST_CELL_PX = 960  # of a grid: what is wider than four times that, players may not show


class Titles:
    """Dark strips below pictures of one size: a name, a note and the step.

    All have the same letters, in one line or, where the picture is narrow, in two.

    Args:
        width, height: of the pictures, px.
        titles: name and note of each.
        last_step: the largest.
    """

    def __init__(
        self, width: int, height: int, titles: Sequence[tuple[str, str]], last_step: int
    ) -> None:
        step = f"step  {last_step}"
        names = max(_width(name) for name, _ in titles)
        notes = max(_width(note) for _, note in titles) + _MARGIN + _width(step)
        together = max(_width(name) + _width(note) for name, note in titles)
        self._size = round(0.75 * width**0.5)  # 12 px below 256, 24 below 1024
        lines = 1
        room = width / (together + _width(step) + 4 * _MARGIN)
        if room < min(self._size, _READABLE_PX):
            lines, room = 2, width / (max(names, notes) + 2 * _MARGIN)
        self._size = max(min(self._size, int(room)), 1)
        self._font = ImageFont.load_default(self._size)
        self._margin = round(_MARGIN * self._size)
        self._right = width - self._margin
        self._baseline = round(self._size * 1.4 * lines)
        strip_height = round(self._size * (0.7 + 1.4 * lines))
        strip_height += (height + strip_height) % 2  # films have even heights
        self._strips = [
            self._draw((width, strip_height), name, note, step, lines) for name, note in titles
        ]

    def _draw(
        self, size: tuple[int, int], name: str, note: str, step: str, lines: int
    ) -> Image.Image:
        """All of a strip but the number, beside which the word stands still."""
        strip, left = Image.new("RGB", size, _GROUND), self._margin
        draw = ImageDraw.Draw(strip)
        draw.text((left, round(self._size * 1.4)), name, _IVORY, self._font, anchor="ls")
        if lines == 1:
            left += round(self._font.getlength(name)) + self._margin
        draw.text((left, self._baseline), note, _QUIET, self._font, anchor="ls")
        left = self._right - round(self._font.getlength(step))
        draw.text((left, self._baseline), "step", _QUIET, self._font, anchor="ls")
        return strip

    def below(self, index: int, picture: Picture, step: int) -> Picture:
        """The frame: a picture, (h, w, 3), with the title of that index and the step below it."""
        strip = self._strips[index].copy()
        draw = ImageDraw.Draw(strip)
        draw.text((self._right, self._baseline), str(step), _IVORY, self._font, anchor="rs")
        return np.vstack((picture, np.asarray(strip)))


def _width(text: str) -> float:
    """In heights of its letters."""
    return ImageFont.load_default(100).getlength(text) / 100


def grid(frames: Sequence[Picture]) -> Picture:
    """Frames of one size, four abreast, with dark lines between them; large ones are shrunk."""
    height, width, _ = frames[0].shape
    if width > _WIDEST_CELL_PX:
        height, width = round(height * _WIDEST_CELL_PX / width), _WIDEST_CELL_PX
        shrunk = (Image.fromarray(frame).resize((width, height)) for frame in frames)
        frames = [np.asarray(frame) for frame in shrunk]
    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    gap = 2 * max(width // 128, 1)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    whole = np.full(size, _GROUND, np.uint8)
    for index, frame in enumerate(frames):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        whole[top : top + height, left : left + width] = frame
    return whole
