"""The contact sheet: all pictures of a grid on one dark wall, labelled along its edges.

A grid and a folder of PNG come in, a picture goes out. Knows nothing about painting.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from styletune.sweeps.report.grid import Grid

# The page's own colours: a wall on which neither the light nor the dark picture wins.
WALL, PLATE, IVORY, TEXT, QUIET = "#111110", "#1b1b19", "#ece7dc", "#d9d4c9", "#9a958b"
_MARGIN, _GAP = 56, 10
_WIDEST = 3200  # px, all in all; beyond it viewers become slow
_SMALLEST, _LARGEST = 176, 512  # longer edge of a tile, px: a label must fit below
_TITLE, _SUB, _LABEL = 34, 17, 17  # px
# For letters that Pillow's own font lacks: Aileron has Latin only.
_FALLBACKS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "Arial.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def sheet(grid: Grid, folder: Path, title: str, subtitle: str) -> Image.Image:
    """Hang the pictures of a grid.

    Args:
        folder: in which the files of the results lie.
        subtitle: what painted them.
    """
    return _Sheet(grid, folder).drawn(title, subtitle)


class _Sheet:
    def __init__(self, grid: Grid, folder: Path) -> None:
        self._grid = grid
        self._folder = folder
        painted = [result for row in grid.cells for result in row if result is not None]
        rows = (grid.rows.name, *grid.rows.labels) if grid.rows else ()
        self._side = max((round(_width(label, _LABEL)) for label in rows), default=0)
        self._side = min(self._side, 260) + 28 if rows else 0
        columns = len(grid.cells[0])
        room = (_WIDEST - 2 * _MARGIN - self._side) // columns - _GAP
        longest = max((max(r.width, r.height) for r in painted), default=_SMALLEST)
        edge = max(min(longest, _LARGEST, room), min(_SMALLEST, room), 24)
        scale = edge / longest
        self._tile = (
            max((round(r.width * scale) for r in painted), default=edge),
            max((round(r.height * scale) for r in painted), default=edge),
        )
        self._below = 0 if grid.rows else 38  # a label of its own under each tile
        self._top = _MARGIN + 92 + (58 if grid.columns else 0)

    def drawn(self, title: str, subtitle: str) -> Image.Image:
        rows, columns = len(self._grid.cells), len(self._grid.cells[0])
        width = 2 * _MARGIN + self._side + columns * (self._tile[0] + _GAP) - _GAP
        height = self._top + rows * (self._tile[1] + self._below + _GAP) - _GAP + _MARGIN
        width = max(width, 2 * _MARGIN + round(_width(title, _TITLE)))
        wall = Image.new("RGB", (width, height), WALL)
        draw = ImageDraw.Draw(wall)
        room = width - 2 * _MARGIN
        _write(draw, (_MARGIN, _MARGIN), title, _TITLE, IVORY, room)
        name = f"{self._grid.name}  ·  " if self._grid.name else ""
        _write(draw, (_MARGIN, _MARGIN + 48), name + subtitle, _SUB, QUIET, room)
        self._draw_edges(draw)
        for row, results in enumerate(self._grid.cells):
            for column in range(len(results)):
                self._draw_cell(wall, draw, row, column)
        return wall

    def _corner(self, row: int, column: int) -> tuple[int, int]:
        return (
            _MARGIN + self._side + column * (self._tile[0] + _GAP),
            self._top + row * (self._tile[1] + self._below + _GAP),
        )

    def _draw_edges(self, draw: ImageDraw.ImageDraw) -> None:
        grid = self._grid
        if grid.columns is None or grid.rows is None:
            return
        left, top = self._corner(0, 0)
        _write(draw, (left, top - 58), grid.columns.name, _SUB, QUIET, 2000)
        # The name of the rows stands over their labels, on the line of the columns' labels.
        _write(draw, (_MARGIN, top - 32), grid.rows.name, _SUB, QUIET, self._side - 14)
        for column, label in enumerate(grid.columns.labels):
            x, _ = self._corner(0, column)
            _write(draw, (x, top - 32), label, _LABEL, TEXT, self._tile[0])
        for row, label in enumerate(grid.rows.labels):
            _, y = self._corner(row, 0)
            middle = y + self._tile[1] // 2 - _LABEL // 2 - 2
            _write(draw, (_MARGIN, middle), label, _LABEL, TEXT, self._side - 14)

    def _draw_cell(
        self, wall: Image.Image, draw: ImageDraw.ImageDraw, row: int, column: int
    ) -> None:
        result = self._grid.cells[row][column]
        x, y = self._corner(row, column)
        width, height = self._tile
        if result is None:
            if self._grid.rows is not None:  # a hole in a table should be seen as one
                draw.rectangle((x, y, x + width - 1, y + height - 1), PLATE)
            return
        with Image.open(self._folder / result.file) as picture:
            scale = min(width / picture.width, height / picture.height)
            size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        wall.paste(small, (x + (width - size[0]) // 2, y + (height - size[1]) // 2))
        if self._grid.labels:
            label = self._grid.labels[row][column]
            _write(draw, (x, y + height + 8), label, _LABEL, TEXT, width)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: str, room: int
) -> None:
    """Write one line from its top left, cut with an ellipsis where it is wider than `room`."""
    text = " ".join(text.split())
    while text and _width(text, size) > room:
        text = text.rstrip("… ")[:-1] + "…" if len(text) > 2 else ""
    x = float(at[0])
    for font, part in _runs(text, size):
        draw.text((x, at[1]), part, colour, font)
        x += font.getlength(part)


def _width(text: str, size: int) -> float:
    return sum(font.getlength(part) for font, part in _runs(text, size))


def _runs(text: str, size: int) -> Sequence[tuple[Font, str]]:
    """The text in parts of one font each."""
    runs: list[tuple[Font, str]] = []
    for letter in text:
        font = next((f for f in _fonts(size) if _has(f, letter)), _fonts(size)[0])
        if runs and runs[-1][0] is font:
            runs[-1] = (font, runs[-1][1] + letter)
        else:
            runs.append((font, letter))
    return runs


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    """Pillow's own font, then what this machine has for other scripts."""
    found: list[Font] = [ImageFont.load_default(size)]
    for name in _FALLBACKS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(found)


@cache
def _has(font: Font, letter: str) -> bool:
    """Whether a font draws the letter, and not its box for missing ones."""
    if letter.isspace() or not isinstance(font, ImageFont.FreeTypeFont):
        return True
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
