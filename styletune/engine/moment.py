"""Where a painting stands between two steps, and the line of a take that tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from styletune import __version__
from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas
from styletune.engine.painter import Painter
from styletune.images.png_metadata import describe_session
from styletune.takes.lines import SourcePicture, Start, encode_arrays

# Of a painting with its moments; the text of a larger one would fill the memory.
_MAX_PAINTING_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a painting stands.

    Attributes:
        positions: of all controls.
        rev: their revision.
        step: steps taken.
        fresh: whether the painter is as its canvas made it, so that no painting need be kept.
    """

    painter: Painter
    canvas: Canvas
    positions: Mapping[str, float]
    rev: int
    step: int
    fresh: bool = False


def start_line(
    moment: Moment,
    session: SessionConfig,
    pictures: Sequence[SourcePicture],
    *,
    init: SourcePicture | None = None,
    time: float,
    device: str = "",
    goes_on: bool = False,
) -> Start:
    """All that a painter needs to paint on from here.

    Args:
        pictures: the content, then the styles.
        init: the picture that the session begins with, where it is a file.
        time: seconds since 1970.
        goes_on: see `Start`.

    Raises:
        ValueError: the painting is too large.
    """
    content, *styles = pictures
    described = describe_session(session, [picture.name for picture in pictures])
    # A path of this machine, but others would not be the same network.
    described["network"]["weights"] = session.network.weights
    return Start(
        time=time,
        step=moment.step,
        styletune=__version__,
        session=described,
        positions=dict(moment.positions),
        rev=moment.rev,
        content=content,
        styles=tuple(styles),
        init=init,
        size=moment.canvas.size_px,
        scales=scales_of(moment.painter),
        random=moment.painter.random_state,
        painting="" if moment.fresh else _painting(moment.painter),
        goes_on=goes_on,
        device=device,
    )


def scales_of(painter: Painter) -> dict[str, list[float]]:
    """What its raw losses are multiplied by, by term."""
    return {term: [float(one) for one in scales] for term, scales in painter.loss_scales.items()}


def _painting(painter: Painter) -> str:
    arrays = painter.state().arrays() | painter.average
    size = sum(array.nbytes for array in arrays.values())
    if size > _MAX_PAINTING_BYTES:
        raise ValueError(f"a painting of {painter.width} × {painter.height} px is too large for it")
    return encode_arrays(arrays)
