"""The lines of a take: JSON objects, one a line, each with its time and step.

A take begins with a `start`, which holds all that a painter needs; what follows is what changed,
in the order in which the painter was given it. Another `start` in the middle stands where a
painter went on from elsewhere: a restarted worker, or a learned look that was left.
"""

import base64
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from styletune.errors import TakeError, explain_validation_error

VERSION = 1
MAX_LINE_BYTES = 1_000_000_000  # a painting of 4096 px with its moments
Arrays = Mapping[str, npt.NDArray[Any]]

_Step = Annotated[int, Field(ge=0, le=2**53)]
_Position = Annotated[float, Field(ge=0.0, le=100.0)]  # a choice's is its index


class _Model(BaseModel):
    # Further keys are a later version's additions.
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class SourcePicture(_Model):
    """A picture that was painted from.

    Attributes:
        name: as people know it.
        pixels: SHA-256 of its decoded pixels, see `sources.fingerprint`.
    """

    name: str
    pixels: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Line(_Model):
    """What all lines have.

    Attributes:
        time: seconds since 1970.
        step: steps taken before it.
    """

    time: Annotated[float, Field(ge=0)]
    step: _Step


class Start(_Line):
    """All that a painter needs to paint on from here.

    Attributes:
        session: as a session file has it, without pictures, addresses and the machine's own.
        positions: of all controls.
        rev: revision of these positions.
        init: the picture that the session begins with, where it is a file.
        size: longer edge of the canvas, px.
        scales: what raw losses are multiplied by, by term.
        random: state of the generator of `kick`.
        painting: the picture with its moments, see `encode_arrays`; empty: as a reset leaves it.
        goes_on: whether the lines before it lead here, so that it may be passed over.
        device: that painted, in words.
    """

    type: Literal["start"] = "start"
    version: Literal[1] = 1
    styletune: str
    session: dict[str, Any]
    positions: dict[str, _Position]
    rev: int
    content: SourcePicture
    styles: Annotated[tuple[SourcePicture, ...], Field(min_length=1, max_length=4)]
    init: SourcePicture | None = None
    size: Annotated[int, Field(ge=1, le=4096)]
    scales: dict[str, list[float]]
    random: dict[str, Any]
    painting: str = ""
    goes_on: bool = False
    device: str = ""


class Move(_Line):
    """Controls that moved: hands, hardware, scripts, glides.

    Attributes:
        set: their positions, by name.
    """

    type: Literal["move"] = "move"
    rev: int
    set: dict[str, _Position]


class Trigger(_Line):
    """A trigger, such as `kick`."""

    type: Literal["trigger"] = "trigger"
    name: str


class Reset(_Line):
    """A scripted run began with the first picture.

    Attributes:
        seed: None: the session's.
    """

    type: Literal["reset"] = "reset"
    seed: int | None = None


class Pictures(_Line):
    """Other source pictures."""

    type: Literal["pictures"] = "pictures"
    content: SourcePicture
    styles: Annotated[tuple[SourcePicture, ...], Field(min_length=1, max_length=4)]


class CanvasChange(_Line):
    """The painting goes on at another size.

    Attributes:
        size: longer edge, px.
        scales: as measured at it.
    """

    type: Literal["canvas"] = "canvas"
    size: Annotated[int, Field(ge=1, le=4096)]
    scales: dict[str, list[float]]


class Frame(_Line):
    """A picture was published.

    Attributes:
        live: whether a learned look painted it; it is not in the take.
    """

    type: Literal["frame"] = "frame"
    live: bool = False


class Sync(_Line):
    """The painter looked at its losses without publishing: a run, or a divergence."""

    type: Literal["sync"] = "sync"


class End(_Line):
    """The take was ended in order.

    Attributes:
        why: empty: by hand.
    """

    type: Literal["end"] = "end"
    why: str = ""


Line = Start | Move | Trigger | Reset | Pictures | CanvasChange | Frame | Sync | End

_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="type")])


def encode(line: Line) -> bytes:
    """One line of a take's file."""
    fields = line.model_dump(mode="json", exclude_defaults=True)
    head: dict[str, object] = {"type": line.type}
    if isinstance(line, Start):
        head["version"] = line.version
    return json.dumps(head | fields, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def read(path: Path) -> Iterator[Line]:
    """The lines of a take; a last one that was cut short is left out.

    Raises:
        TakeError: no such file, not a take, of another version, or damaged in the middle.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while data := file.readline(MAX_LINE_BYTES):
                number += 1
                if not data.endswith(b"\n"):
                    return  # the writer was killed within it, or is just writing it
                line = parse(data, f"{path}, line {number}")
                if number == 1 and not isinstance(line, Start):
                    raise TakeError(f"{path}: is no take: its first line is no `start`")
                yield line
            if not number:
                raise TakeError(f"{path}: is empty")
    except OSError as error:
        raise TakeError(f"{path}: cannot be read: {error.strerror or error}") from None


def parse(data: bytes | str, where: str) -> Line:
    """One line; `where` it stands is for errors.

    Raises:
        TakeError: no line of a take.
    """
    try:
        found = json.loads(data)
        version = found.get("version", VERSION) if isinstance(found, dict) else VERSION
    except ValueError:
        raise TakeError(f"{where}: is damaged, or no take: it is no JSON") from None
    if version != VERSION:
        raise TakeError(
            f"{where}: was written as version {version!r}; this styletune reads version {VERSION}"
        )
    try:
        return _LINE.validate_python(found)
    except ValidationError as error:
        raise TakeError(f"{where}: {explain_validation_error(error)}") from None


def encode_arrays(arrays: Arrays) -> str:
    """Arrays by name as one string: a NumPy archive in base64."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return base64.b64encode(file.getvalue()).decode()


def decode_arrays(text: str) -> dict[str, npt.NDArray[Any]]:
    """What `encode_arrays` gave.

    Raises:
        TakeError: damaged.
    """
    try:
        data = base64.b64decode(text, validate=True)
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # base64, zip and NumPy fail in every possible way
        raise TakeError(f"the painting in a take is damaged: {error}") from None
