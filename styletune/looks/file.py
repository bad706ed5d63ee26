"""A look's file, NAME.keras: Keras' own, with the same network for ONNX Runtime, a sample picture
and what was taught beside it.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune import files
from styletune.config import SessionConfig
from styletune.config import parse as parse_session
from styletune.controls import MAX_STYLES, ControlTable
from styletune.errors import ConfigError, LookError, explain_validation_error

VERSION = 1
SUFFIX = ".keras"
MAX_FILE_BYTES = 64_000_000
# Members of the archive beside Keras' own, which passes over them.
_INFO, _ONNX, _SAMPLE = "look.json", "look.onnx", "look.jpg"
_SHIPPED = Path(__file__).parent / "shipped"


class LookInfo(BaseModel):
    """What a look is.

    Attributes:
        version: of this file's form.
        styles: names of the style pictures, in the order of their shares.
        session: of whom it was taught, without the machine's own: network, layers, the law of
            the faders; its controls are the middle of what was drawn.
        steps: that it was taught.
        style_left: the part of the style loss that was left at the end, in the mean.
        training: the settings of its training, for people.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1]
    styles: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_STYLES)]
    session: dict[str, Any]
    steps: Annotated[int, Field(ge=0)]
    style_left: Annotated[float, Field(ge=0)]
    training: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Look:
    """A look that was read.

    Attributes:
        path: of its file.
        config: the session it was taught with.
        onnx: its network for ONNX Runtime.
        sample: a picture painted by it, JPEG.
    """

    path: Path
    info: LookInfo
    config: SessionConfig
    onnx: bytes
    sample: bytes

    @property
    def name(self) -> str:
        """That of its file."""
        return self.path.stem

    def table(self) -> ControlTable:
        """The controls that it was taught."""
        return self.config.table()

    def positions(self) -> dict[str, float]:
        """Of all controls, in the middle of what it was taught."""
        return self.config.positions()


def shipped() -> dict[str, Path]:
    """The looks that come with the package, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob(f"*{SUFFIX}"))}


def locate(name: str) -> Path:
    """The file of the shipped look called `name`, or else the file of that name."""
    return shipped().get(name) or Path(name)


def read(path: str | Path) -> Look:
    """Read a look's file; no network is made yet.

    Raises:
        LookError: missing, damaged, no look, or one of another version.
    """
    path = Path(path)
    try:
        if not path.is_file():
            names = ", ".join(shipped())
            raise LookError(f"{path}: no such look; those that ship are {names}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LookError(f"{path}: a look has at most {MAX_FILE_BYTES // 10**6} MB")
        with zipfile.ZipFile(path) as archive:
            if _INFO not in archive.namelist():
                raise LookError(
                    f"{path}: not a look, though a file of Keras; `styletune train` makes looks"
                )
            if sum(member.file_size for member in archive.infolist()) > MAX_FILE_BYTES:
                raise LookError(f"{path}: a look has at most {MAX_FILE_BYTES // 10**6} MB")
            # All of them, with their checksums: Keras and ONNX Runtime notice less.
            members = {name: archive.read(name) for name in archive.namelist()}
        info = _check(path, members[_INFO])
        onnx, sample = members[_ONNX], members[_SAMPLE]
    except OSError as error:
        raise LookError(f"{path}: cannot be read: {error.strerror or error}") from None
    except LookError:
        raise
    except Exception as error:  # lzma and zlib have errors of their own
        raise LookError(f"{path}: not a look, or damaged: {error}; copy it again") from None
    try:
        config = parse_session(info.session, source=str(path))
    except ConfigError as error:
        raise LookError(f"{path}: of another version of styletune: {error}") from None
    return Look(path, info, config, onnx, sample)


def _check(path: Path, text: bytes) -> LookInfo:
    data = json.loads(text)
    version = data.get("version") if isinstance(data, dict) else None
    if version != VERSION:
        raise LookError(
            f"{path}: a look of version {version}; this styletune reads version {VERSION}: "
            "teach it again with `styletune train`"
        )
    try:
        return LookInfo.model_validate(data)
    except ValidationError as error:
        raise LookError(f"{path}: {_INFO}: {explain_validation_error(error)}") from None


def write(path: str | Path, model: bytes, onnx: bytes, sample: bytes, info: LookInfo) -> None:
    """Write a look's file, whole or not at all.

    Args:
        model: a file of Keras.
        onnx: the same network.
        sample: JPEG.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(model)) as source:
        members: Mapping[str, bytes] = {
            **{name: source.read(name) for name in source.namelist()},
            _INFO: info.model_dump_json(indent=1).encode(),
            _ONNX: onnx,
        }
    # Weights are rounded to 16 bits, see `training.looks.export`: packed, half is left.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(_SAMPLE, sample, zipfile.ZIP_STORED)
    files.write_bytes_atomically(path, stream.getvalue())
