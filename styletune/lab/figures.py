"""Pictures of what a layer sees, drawn with NumPy and Pillow: amber is content, teal is style."""

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from styletune.engine.state import Picture, resample

Array = npt.NDArray[np.float32]

# The page's own colours; a painting, which is both, has neither.
PAGE, IVORY = "#111110", "#ece7dc"
ACCENTS = {"content": "#f2a457", "style": "#5cc6d0", "painting": "#b3aea3"}
_SHADOWS = {"content": "#6b3f16", "style": "#1a565f", "painting": "#4a4843"}
_DARK, _LIGHT = "#0a0a09", "#fdf8ee"

_TILE_PX = 200  # longer edge of a feature map on its sheet, at most
_GAP_PX = 6
_GRAM_PX = 384  # edge of a Gram matrix, at least
_FIELD_PX = 640  # longer edge of the picture with the receptive field, at least
_DECADES = 2.0  # of a Gram matrix that are shown, below the largest value
_APART = 0.5  # decades of a difference that are as bright as it gets
_DIMMED = 0.38  # of the picture's brightness, outside the receptive field


def _rgb(colour: str) -> npt.NDArray[np.float64]:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], np.float64)


def _ramp(*colours: str) -> npt.NDArray[np.uint8]:
    """256 colours, (256, 3), through the given ones."""
    stops = np.stack([_rgb(colour) for colour in colours])
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, np.arange(len(stops)), channel) for channel in stops.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)


# From nothing over the accent to white: the accent stands at two thirds.
_RAMPS = {
    source: _ramp(_DARK, _SHADOWS[source], accent, _LIGHT) for source, accent in ACCENTS.items()
}
# From what the one has more to what the style has.
_DIVERGING = {
    source: _ramp(accent, _SHADOWS[source], _DARK, _SHADOWS["style"], ACCENTS["style"])
    for source, accent in ACCENTS.items()
}


def tinted(values: npt.NDArray[np.floating], source: str) -> Picture:
    """Values 0..1, (h, w), in the colours of a key of `ACCENTS`: (h, w, 3)."""
    picture: Picture = _RAMPS[source][np.clip(values * 255, 0, 255).astype(np.uint8)]
    return picture


def as_png(picture: Picture) -> bytes:
    """(h, w, 3) uint8 as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def draw_maps(maps: Array, source: str, tile_px: int = _TILE_PX) -> Picture:
    """Feature maps, (n, h, w), on one sheet, row by row; each from its own smallest value on.

    A single outlier would darken all else: the largest half per cent is shown alike.

    Args:
        tile_px: longer edge of each, at most.
    """
    tiles = [_map_tile(activations, source, tile_px) for activations in maps]
    height, width = tiles[0].shape[:2]
    columns = min(4 if width >= height else 8, len(tiles))
    rows = -(-len(tiles) // columns)
    size = (rows * (height + _GAP_PX) - _GAP_PX, columns * (width + _GAP_PX) - _GAP_PX)
    sheet = np.full((*size, 3), _rgb(PAGE), np.uint8)
    for index, tile in enumerate(tiles):
        top = index // columns * (height + _GAP_PX)
        left = index % columns * (width + _GAP_PX)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _map_tile(activations: Array, source: str, tile_px: int) -> Picture:
    longest = max(activations.shape)
    if longest > tile_px:
        height, width = (max(1, round(edge * tile_px / longest)) for edge in activations.shape)
        activations = resample(activations[..., None], height, width, Image.Resampling.BOX)[..., 0]
    least, most = float(activations.min()), float(np.quantile(activations, 0.995))
    spread = most - least or float(activations.max()) - least or 1.0
    part = np.clip((activations - least) / np.float32(spread), 0, 1)
    # Whole multiples, so that each position of the layer is seen as the square that it is.
    return _enlarged(tinted(part**0.75, source), max(1, tile_px // longest))


def _enlarged(picture: Picture, factor: int) -> Picture:
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def draw_grams(
    other: Array, style: Array, source: str = "content", edge_px: int = _GRAM_PX
) -> tuple[Picture, Picture, Picture]:
    """Two Gram matrices on one logarithmic scale, and their difference.

    The style's strongest channels come first in all three. The difference is that of the
    logarithms, in the colour of the one that has more.

    Args:
        other, style: (c, c), at least 0.
        source: of the other one, a key of `ACCENTS`.
        edge_px: of each, at least.
    """
    order = np.argsort(-np.diagonal(style), kind="stable")
    most = max(float(other.max()), float(style.max())) or 1.0
    least = most * 10**-_DECADES
    logs = [
        np.log10(np.maximum(gram[np.ix_(order, order)], least) / least) / _DECADES
        for gram in (other, style)
    ]
    apart = np.clip((logs[1] - logs[0]) * _DECADES / _APART, -1, 1)
    signed = _DIVERGING[source][((apart + 1) * 127.5).astype(np.uint8)]
    factor = max(1, -(-edge_px // len(style)))
    return (
        _enlarged(tinted(logs[0], source), factor),
        _enlarged(tinted(logs[1], "style"), factor),
        _enlarged(signed, factor),
    )


_LIVE_PX = 360  # width of a sheet of feature maps while painting: small enough for the pipe


def draw_live(maps: tuple[Array, Array], grams: tuple[Array, Array]) -> Picture:
    """What a layer sees of the painting, left, beside what it sees of its style, in one picture.

    Above the feature maps, below the Gram matrices and their difference.

    Args:
        maps: (n, h, w) each.
        grams: (c, c) each.
    """
    sheets = [
        _fitted(draw_maps(each, source, _LIVE_PX // 4), _LIVE_PX)
        for each, source in zip(maps, ("painting", "style"), strict=True)
    ]
    width = 2 * _LIVE_PX + _GAP_PX
    edge = (width - 2 * _GAP_PX) // 3
    drawn = [_fitted(each, edge) for each in draw_grams(*grams, "painting", edge // 2)]
    top = max(len(sheet) for sheet in sheets) + 2 * _GAP_PX
    picture = np.full((top + edge, width, 3), _rgb(PAGE), np.uint8)
    for column, sheet in enumerate(sheets):
        left = column * (_LIVE_PX + _GAP_PX)
        picture[: len(sheet), left : left + _LIVE_PX] = sheet
    for column, gram in enumerate(drawn):
        left = column * (edge + _GAP_PX)
        picture[top:, left : left + edge] = gram
    return picture


def _fitted(picture: Picture, width: int) -> Picture:
    """At that width, its squares as sharp as they can be."""
    height = round(picture.shape[0] * width / picture.shape[1])
    how = Image.Resampling.NEAREST if picture.shape[1] <= width else Image.Resampling.BOX
    return np.asarray(Image.fromarray(picture).resize((width, height), how))


def as_webp(picture: Picture, max_bytes: int) -> bytes:
    """(h, w, 3) uint8 as a WebP, as good as that many bytes allow; empty where none do."""
    for quality in (65, 40):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "WEBP", quality=quality, method=0)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    return b""


def draw_gradient(gradient: Array) -> Picture:
    """The magnitude of a style term's gradient at each pixel, from (h, w, 3)."""
    magnitude = np.sqrt(np.square(gradient).sum(axis=2))
    most = float(np.quantile(magnitude, 0.995)) or 1.0
    return tinted(np.sqrt(np.clip(magnitude / most, 0, 1)), "style")


def draw_field(picture: Picture, field_px: int, centre: tuple[float, float]) -> Picture:
    """The picture, dimmed but for one receptive field; a small one is also shown enlarged.

    Args:
        field_px: across.
        centre: x and y, px.
    """
    height, width = picture.shape[:2]
    factor = max(1, -(-_FIELD_PX // max(height, width)))
    full = Image.fromarray(_enlarged(picture, factor))
    box = _field_box(field_px, centre, width, height)
    window = tuple(edge * factor for edge in box)
    drawn = Image.fromarray((np.asarray(full) * _DIMMED).astype(np.uint8))
    drawn.paste(full.crop(window), window[:2])
    pen = ImageDraw.Draw(drawn)
    line = max(drawn.size) // 320
    if field_px < 0.3 * min(height, width):
        inset = _inset_box(window, drawn.size)
        pen.line((*_middle(window), *_middle(inset)), fill=IVORY, width=1)
        drawn.paste(full.crop(window), window[:2])
        crop = Image.fromarray(picture).crop(box)
        size = (inset[2] - inset[0], inset[3] - inset[1])
        drawn.paste(crop.resize(size, Image.Resampling.NEAREST), inset[:2])
        _outline(pen, inset, line)
    _outline(pen, window, line)
    return np.asarray(drawn)


def _field_box(
    field_px: int, centre: tuple[float, float], width: int, height: int
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the field within the picture."""
    left, top = (round(middle - field_px / 2) for middle in centre)
    return max(left, 0), max(top, 0), min(left + field_px, width), min(top + field_px, height)


def _middle(box: Sequence[int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _inset_box(window: Sequence[int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A square in the corner that is the farthest from the window."""
    edge = round(0.44 * min(size))
    margin = round(0.04 * min(size))
    x, y = _middle(window)
    left = size[0] - margin - edge if x < size[0] / 2 else margin
    top = size[1] - margin - edge if y < size[1] / 2 else margin
    return left, top, left + edge, top + edge


def _outline(pen: ImageDraw.ImageDraw, box: Sequence[int], width: int) -> None:
    """Around the box, outside it, so that nothing small is covered."""
    grown = (box[0] - width, box[1] - width, box[2] + width - 1, box[3] + width - 1)
    pen.rectangle(grown, outline=IVORY, width=width)
