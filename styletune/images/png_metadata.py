"""The state inside a saved PNG, in its text chunk `styletune`: written and read by Pillow.

No pixel from outside is decoded, and no text but ours.

Source: Portable Network Graphics (Third Edition), 5.3 (chunks), 11.3.3 (tEXt, zTXt, iTXt).
"""

import io
import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo, PngStream
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune import __version__
from styletune.config import SessionConfig, resolve_paths
from styletune.config import parse as parse_session
from styletune.controls import ControlTable, Kind
from styletune.errors import ConfigError, PictureError, explain_validation_error
from styletune.files import printable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KEYWORD = "styletune"
MAX_TEXT = 64 * 1024
MAX_CHUNKS = 100_000  # of a picture that are passed over, in a few hundredths of a second
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_ONE_MACHINE = ("server", "midi", "engine")  # sections of a session
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")


class EmbeddedState(BaseModel):
    """What a saved picture tells about how it was painted.

    Attributes:
        controls: values of that session, as messages show them.
        session: as a session file has it; None: an older picture, which did not say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    controls: Annotated[dict[Annotated[str, Field(max_length=100)], Any], Field(max_length=500)]
    session: dict[str, Any] | None = None

    def controls_for(self, table: ControlTable) -> dict[str, Any]:
        """The controls as another session takes them, so that they set the same values there.

        A fader that has another unit there is left out; what is not checked here stays as it is.
        """
        try:
            then = parse_session(self.session or {}, source="the picture").table()
        except ConfigError:  # of another version, perhaps
            return self.controls
        if self.session is None:
            return self.controls
        controls = dict(self.controls)
        for name in controls.keys() & table.keys() & then.keys():
            old, new, position = then[name], table[name], controls[name]
            scale = (old.curve, old.low, old.high)
            if new.kind is not Kind.FADER or scale == (new.curve, new.low, new.high):
                continue
            if old.unit != new.unit:
                del controls[name]
            elif type(position) in (int, float) and 0 <= position <= 1:
                controls[name] = new.position(old.value(position))
        return controls


def describe_session(session: SessionConfig, names: Sequence[str] | None = None) -> dict[str, Any]:
    """What a picture tells of its session: without addresses and the machine's own.

    Args:
        names: of the content and the styles, for a picture that others get: then it tells no
            path either. None: as the session has them.
    """
    own = set(_OF_ONE_MACHINE) | {"controls"}
    data = session.model_dump(mode="json", exclude=own)
    data["network"]["layers"] = list(session.network.selected_layers)
    if names is not None:
        content, *styles = names
        data["pictures"] |= {"content": content, "styles": styles}
        data["network"]["weights"] = None
        data["painting"]["init"] = Path(session.painting.init).name
    return data


def encode_png(picture: "npt.NDArray[np.uint8]", state: Mapping[str, object]) -> bytes:
    """Encode a picture, uint8 (h, w, 3) or (h, w, 4), as PNG with `state` as JSON inside."""
    return _encode(Image.fromarray(picture), state)


def update_state(png: bytes, changes: Mapping[str, object]) -> bytes:
    """Put `changes` over the state in a PNG of ours; the pixels stay.

    Raises:
        PictureError: it is no PNG, or a damaged one.
    """
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            return _encode(image, json.loads(image.info.get(KEYWORD, "{}")) | changes)
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"the picture is no PNG or damaged: {error}") from None


def read_metadata(png: bytes) -> EmbeddedState:
    """Return the state in a PNG that styletune saved.

    Raises:
        PictureError: no PNG, a damaged one, or none of ours.
    """
    if not png.startswith(_SIGNATURE):
        raise PictureError("only a PNG holds a state; received another kind of file")
    chunk = _find_chunk(png)
    if chunk is None:
        raise PictureError(
            "the picture holds no state of styletune; drop one that the page's save button wrote"
        )
    stream = PngStream(io.BytesIO(chunk))
    try:
        kind, at, length = stream.read()
        stream.crc(kind, stream.call(kind, at, length))
        text = stream.im_text[KEYWORD]
    except Exception as error:  # decoders fail in every possible way on hostile bytes
        if "bad header checksum" in str(error):  # as Pillow words it
            raise PictureError(
                "the picture's state is damaged: its checksum does not fit"
            ) from None
        raise PictureError("the picture is damaged or cut off before its end") from None
    if len(text) > MAX_TEXT:
        raise PictureError(
            f"the picture's state has at most {MAX_TEXT} bytes; received {len(text)}"
        )
    try:
        return EmbeddedState.model_validate_json(text)
    except ValidationError as error:
        why = explain_validation_error(error)
        raise PictureError(f"the picture's state cannot be read: {why}") from None


def read_session(png: bytes, source: str) -> SessionConfig:
    """Return the session that painted a PNG of ours, its values where they were then.

    Args:
        source: its path; pictures and weights beside it are found.

    Raises:
        PictureError: it holds no state that can be read.
        ConfigError: it is of a session that this version does not know.
    """
    state = read_metadata(png)
    if state.session is None:
        raise ConfigError(
            f"{source}: the picture holds values, but no session; drop it on the page, or name a "
            "session file"
        )
    data = {key: part for key, part in state.session.items() if key not in _OF_ONE_MACHINE}
    data["controls"] = {}
    table = parse_session(data, source).table()
    data["controls"] = {
        name: at for name, at in state.controls.items() if name in table and name != "paused"
    }
    return resolve_paths(parse_session(data, source), Path(source).parent)


def _find_chunk(png: bytes) -> bytes | None:
    """The chunk with our text, before the pixels or after them; None: there is none.

    Raises:
        PictureError: the picture is cut short, or has too many chunks.
    """
    at = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        try:
            length, kind = struct.unpack_from(">I4s", png, at)
        except struct.error:
            raise PictureError("the picture is damaged or cut off before its end") from None
        end = at + 12 + length
        if kind in _TEXT_CHUNKS and png.startswith(KEYWORD.encode() + b"\0", at + 8):
            return png[at:end]
        if kind == b"IEND":
            return None
        at = end
    raise PictureError(f"the picture has more than {MAX_CHUNKS} chunks")


def file_name(pictures: Iterable[str], step: int) -> str:
    """Name a saved picture after its content, its styles and its step, plain for any system."""
    return "-".join(["styletune", *filter(None, map(_slug, pictures)), str(step)]) + ".png"


def _encode(image: Image.Image, state: Mapping[str, object]) -> bytes:
    info = PngInfo()
    info.add_text("Software", "styletune")
    # No escapes: those of a file name that is no UTF-8 are no JSON.
    text = json.dumps({"styletune": __version__, **state}, ensure_ascii=False)
    info.add_text(KEYWORD, printable(text))
    png = io.BytesIO()
    image.save(png, "PNG", pnginfo=info)
    return png.getvalue()


def _slug(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:24]
