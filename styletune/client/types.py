"""The messages that the client reads, as types. Fields that it does not know are let through.

What they mean stands in the README's table; this is all that the client knows of the server.
"""

import io
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

from PIL import Image

from styletune.errors import MessageError

if TYPE_CHECKING:  # rarely needed, and slow to load
    import numpy as np
    import numpy.typing as npt

Value = float | bool | str  # of a fader, a switch, a choice


class TermLoss(TypedDict):
    """Content or style of one layer: raw, weight as heard, their product, its share of all."""

    raw: float
    weight: float
    weighted: float
    share: float


class LayerLoss(TypedDict):
    """Both terms of one layer."""

    layer: str
    content: TermLoss
    style: TermLoss


class RunStep(TypedDict):
    """How far the run of a `paint` is."""

    run: int
    step: int
    done: bool


class Epoch(TypedDict):
    """A painted epoch; `rev` is the revision of the controls that it contains."""

    epoch: int
    step: int
    rev: int
    time: float
    steps_per_s: float
    width: int
    height: int
    losses: list[LayerLoss]
    smooth: float
    total: float
    run: NotRequired[RunStep]


class State(TypedDict):
    """What the painting is doing, on what."""

    state: str
    message: str
    device: str
    network: str
    weights: str
    backend: str
    width: int
    height: int


class Picture(TypedDict):
    """A content or style picture."""

    name: str
    width: int
    height: int
    version: int


class Pictures(TypedDict):
    """The pictures that are painted from."""

    content: Picture
    styles: list[Picture]


# Painted pictures as they come over /frames. Bytes in, `Frame`s out; does no I/O.


@dataclass(frozen=True, slots=True)
class Frame:
    """One painted picture, as JPEG.

    Attributes:
        epoch, step: numbers that only rise.
        rev: revision of the controls that it contains.
        time: when it was painted, seconds since 1970.
    """

    epoch: int
    step: int
    rev: int
    width: int
    height: int
    time: float
    jpeg: bytes = field(repr=False)

    @classmethod
    def parse(cls, message: bytes) -> "Frame":
        """Take a binary message apart: uint32 n, n bytes of JSON, JPEG.

        Raises:
            MessageError: it is none.
        """
        try:
            (length,) = struct.unpack_from("<I", message)
            head = json.loads(message[4 : 4 + length])
            return cls(
                epoch=head["epoch"],
                step=head["step"],
                rev=head["rev"],
                width=head["width"],
                height=head["height"],
                time=head["time"],
                jpeg=message[4 + length :],
            )
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise MessageError(f"this is no frame: {error!r:.80}") from None

    def image(self) -> Image.Image:
        """The picture for Pillow, RGB."""
        image = Image.open(io.BytesIO(self.jpeg), formats=("JPEG",))
        image.load()
        return image

    def array(self) -> "npt.NDArray[np.uint8]":
        """The picture as uint8 (height, width, 3)."""
        import numpy as np

        return np.asarray(self.image())
