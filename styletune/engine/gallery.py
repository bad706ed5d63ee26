"""The pictures of a session, read and brought to size as arrays.

In: names of samples or files. Out: (h, w, 3) uint8 RGB arrays.
"""

import numpy as np
from PIL import Image

from styletune.config import MAX_SIZE_PX, MIN_SIZE_PX, SessionConfig
from styletune.engine.init import KINDS
from styletune.engine.state import Picture
from styletune.images import decode, samples


def read(name: str, longer_edge_px: int) -> Picture:
    """Read a sample or file, with its longer edge at exactly `longer_edge_px`.

    Raises:
        PictureError: missing, damaged, of another kind, too large or too narrow.
    """
    return np.asarray(decode.fit(decode.read(samples.locate(name)), longer_edge_px))


def content(session: SessionConfig, name: str | None = None, size_px: int | None = None) -> Picture:
    """The session's content picture, or the file `name`, brought to its size or `size_px`."""
    return read(name or session.pictures.content, size_px or session.pictures.size)


def style(
    session: SessionConfig, name: str, size_px: int | None = None, scale: float = 1.0
) -> Picture:
    """A style picture at the session's style size; see `style_edge_px`."""
    return read(name, style_edge_px(session, size_px or session.pictures.size, scale))


def style_edge_px(session: SessionConfig, size_px: int, scale: float) -> int:
    """Longer edge of a style picture: the session's, else that of the painting, times `scale`."""
    edge = (session.pictures.style_size or size_px) * scale
    return round(min(max(edge, MIN_SIZE_PX), MAX_SIZE_PX))


def init(session: SessionConfig, like: Picture) -> Picture | None:
    """The picture that `painting.init` names, stretched to the shape of `like`; else None."""
    if session.painting.init in KINDS:
        return None
    height, width = like.shape[:2]
    picture = decode.read(samples.locate(session.painting.init))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
