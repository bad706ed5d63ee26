"""A canvas: the size of a painting, and its source pictures brought to it."""

from collections.abc import Mapping

import numpy as np
from PIL import Image

from styletune import memory
from styletune.config import MAX_SIZE_PX, MIN_SIZE_PX, SessionConfig
from styletune.controls import ControlTable
from styletune.engine import backend, state
from styletune.engine.initial_image import KINDS, LOOK
from styletune.engine.painter import Painter
from styletune.engine.state import Picture
from styletune.images import decode, samples
from styletune.images.transparency import continue_colours
from styletune.looks import choice
from styletune.looks.runner import LookRunner


def load_image(name: str, longer_edge_px: int, max_pixels: int = decode.MAX_PIXELS) -> Picture:
    """Read a sample or file, with its longer edge at exactly `longer_edge_px`.

    Raises:
        PictureError: missing, damaged, of another kind, too large or too narrow.
    """
    image = decode.read(samples.locate(name), max_pixels=max_pixels)
    return np.asarray(decode.fit(image, longer_edge_px))


def _read_content(session: SessionConfig, name: str) -> Image.Image:
    max_pixels = session.pictures.max_pixels
    return decode.read(samples.locate(name), max_pixels=max_pixels, keep_alpha=True)


def load_content(
    session: SessionConfig, name: str | None = None, size_px: int | None = None
) -> Picture:
    """The session's content picture, or the file `name`, brought to its size or `size_px`.

    Where it is transparent, its colours are continued.
    """
    image = continue_colours(_read_content(session, name or session.pictures.content))
    return np.asarray(decode.fit(image, size_px or session.pictures.size))


def load_style(
    session: SessionConfig, name: str, size_px: int | None = None, scale: float = 1.0
) -> Picture:
    """A style picture at the session's style size; see `style_edge_px`."""
    edge = style_edge_px(session, size_px or session.pictures.size, scale)
    return load_image(name, edge, session.pictures.max_pixels)


def style_edge_px(session: SessionConfig, size_px: int, scale: float) -> int:
    """Longer edge of a style picture: the session's, else that of the painting, times `scale`."""
    edge = (session.pictures.style_size or size_px) * scale
    return round(min(max(edge, MIN_SIZE_PX), MAX_SIZE_PX))


def load_initial_image(session: SessionConfig, like: Picture) -> Picture | None:
    """The picture that `painting.init` names, stretched to the shape of `like`; else None."""
    if session.painting.init in KINDS:
        return None
    height, width = like.shape[:2]
    init = samples.locate(session.painting.init)
    picture = decode.read(init, max_pixels=session.pictures.max_pixels)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))


# Sizes between are not worth a model of their own, nor scales a picture of their own.
_SNAP_PX = 8
# The first canvas has about a quarter of the pixels; below this many it would show nothing.
_SMALLEST_START_PX = 96


def size_px(table: ControlTable, positions: Mapping[str, float]) -> int:
    """Longer edge that the control `size` sets: the session's own, or a multiple of 8 px."""
    row, position = table["size"], positions["size"]
    value = row.value(position)
    if abs(position - row.default) < 1e-9:
        return round(value)
    return max(round(value / _SNAP_PX) * _SNAP_PX, _SNAP_PX)


def first_size_px(session: SessionConfig, full_px: int) -> int:
    """The size to begin with, on the way to `full_px`: coarse to fine where allowed."""
    small = state.pyramid_sizes(full_px, full_px // 2)[0]
    coarse = session.painting.scales and small >= _SMALLEST_START_PX
    return small if coarse else full_px


class Canvas:
    """One size with its content and styles.

    Args:
        size_px: longer edge of the content, hence of the painting.
        content: path or sample; the session's where None.
        styles: likewise.

    Attributes:
        content: (h, w, 3) uint8.
        alpha: how opaque it is, (h, w) uint8; None where all is.

    Raises:
        PictureError: a picture is missing, damaged, too large or too narrow.
    """

    def __init__(
        self,
        session: SessionConfig,
        positions: Mapping[str, float],
        size_px: int,
        content: str | None = None,
        styles: tuple[str, ...] | None = None,
    ) -> None:
        self._session = session
        self._table = session.table()
        self.size_px = size_px
        self._path = content or session.pictures.content
        image = _read_content(session, self._path)
        fitted = decode.fit(continue_colours(image), size_px)
        self.content: Picture = np.asarray(fitted)
        self.alpha: Picture | None = None
        if image.mode == "RGBA":
            # A filter that does not ring: inside, all stays opaque.
            alpha = image.getchannel("A").resize(fitted.size, Image.Resampling.BILINEAR)
            self.alpha = np.asarray(alpha)
        self._styles = list(styles or session.pictures.styles)
        self._style_sizes_px = [
            self._style_size_px(index, positions) for index in range(len(self._styles))
        ]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the painting: (h, w, 3)."""
        return self.content.shape

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the pictures: the content's, then the styles'."""
        return (self._path, *self._styles)

    def build_painter(self) -> Painter:
        """Build the painter of this canvas; nothing is traced yet."""
        session = self._session
        styles = [self._load_style(index) for index in range(len(self._styles))]
        init = load_initial_image(session, self.content)
        look = None
        if session.painting.init == LOOK:
            look = LookRunner(choice.read_for(session, choice.find(session)))
        return Painter(session, self.content, styles, init, look)

    def check_memory(self) -> None:
        """Refuse a canvas that does not fit into memory beside what this process has.

        Raises:
            ConfigError: with what it takes, and the largest size that fits.
        """
        if not backend.gpus():
            height, width, _ = self.shape
            memory.check_size(self._session, width, height, held=memory.PROCESS_BYTES)

    def with_size(self, size_px: int, positions: Mapping[str, float]) -> "Canvas":
        """The same pictures at another size."""
        return Canvas(self._session, positions, size_px, self._path, tuple(self._styles))

    def with_content(self, content: str, positions: Mapping[str, float]) -> "Canvas":
        """Another content picture at the same size."""
        return Canvas(self._session, positions, self.size_px, content, tuple(self._styles))

    def set_style(
        self, painter: Painter, index: int, path: str, positions: Mapping[str, float]
    ) -> None:
        """Give the painter another style picture, or the next one.

        Raises:
            PictureError: it cannot be used; everything stays as it was.
        """
        index = min(index, len(self._styles))  # one before it may have been refused
        edge = self._style_size_px(index, positions)
        painter.set_style(index, load_image(path, edge, self._session.pictures.max_pixels))
        self._styles[index : index + 1] = [path]
        self._style_sizes_px[index : index + 1] = [edge]

    def remove_path(self, painter: Painter, path: str) -> None:
        """Take the style of that path from the painter, if it is there and not the only one."""
        if path in self._styles and len(self._styles) > 1:
            self.remove_style(painter, self._styles.index(path))

    def remove_style(self, painter: Painter, index: int) -> None:
        """Take a style picture from the painter; those after it move up."""
        painter.remove_style(index)
        del self._styles[index], self._style_sizes_px[index]

    def rescale_styles(self, painter: Painter, positions: Mapping[str, float]) -> None:
        """Bring the styles to the scales of `positions`; does nothing where they have them."""
        for index, path in enumerate(self._styles):
            if self._style_size_px(index, positions) != self._style_sizes_px[index]:
                self.set_style(painter, index, path, positions)

    def sync_from(self, painter: Painter, old: "Canvas", positions: Mapping[str, float]) -> None:
        """Give a newly built painter what was changed on the `old` canvas meanwhile."""
        for index, path in enumerate(old._styles):
            if self._styles[index : index + 1] != [path]:
                self.set_style(painter, index, path, positions)
        while len(self._styles) > len(old._styles):
            self.remove_style(painter, len(self._styles) - 1)
        self.rescale_styles(painter, positions)

    def _style_size_px(self, index: int, positions: Mapping[str, float]) -> int:
        """Longer edge, px, at which style `index` is seen."""
        name = f"style_scale.{index + 1}"
        scale = self._table[name].value(positions[name])
        edge = style_edge_px(self._session, self.size_px, scale)
        return edge if scale == 1.0 else max(round(edge / _SNAP_PX) * _SNAP_PX, _SNAP_PX)

    def _load_style(self, index: int) -> Picture:
        max_pixels = self._session.pictures.max_pixels
        return load_image(self._styles[index], self._style_sizes_px[index], max_pixels)


class SizeDebounce:
    """The size that is set, and since when: a moving fader passes many."""

    def __init__(self, size_px: int) -> None:
        self.size_px = size_px
        self._since = float("-inf")  # that of the start is stable

    def is_stable(self, size_px: int, now: float, for_s: float) -> bool:
        """Whether `size_px` has been set, and nothing else, for so many seconds."""
        if size_px != self.size_px:
            self.size_px, self._since = size_px, now
        return now - self._since >= for_s
