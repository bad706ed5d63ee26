"""What is fuzzed: bytes of a stranger come in, and only what is promised may happen."""

import io
import math

from PIL import Image

from styletune.config import SessionConfig
from styletune.errors import PictureError
from styletune.images import decode
from styletune.midi import profile
from styletune.session.outgoing import ErrorMessage
from styletune.session.session import Session

MESSAGES = [
    b'{"type":"set","controls":{"smooth":0.5,"paused":true},"seq":7}',
    b'{"type":"trigger","name":"reset"}',
    b'{"type":"midi","device":"nanoKONTROL2","data":[176,16,64]}',
    b'{"type":"recall","scene":"a","seconds":2}',
    b'{"type":"store","scene":"a"}',
    b'{"type":"crossfade","a":"a","b":null}',
    b'{"type":"learn","target":"smooth"}',
    b'{"type":"snapshot?"}',
]


class Messages:
    """A session that is sent anything: it answers, and its values stay values."""

    def __init__(self) -> None:
        session = SessionConfig()
        self._table = session.table()
        self._session = Session(self._table, session.positions(), profiles=profile.load_shipped())

    def __call__(self, data: bytes) -> None:
        state = self._session.state
        before, rev = dict(state.positions), state.rev
        answers = self._session.handle(self._session.parse(data), "fuzz")
        if answers and all(isinstance(answer, ErrorMessage) for answer in answers):
            assert (state.positions, state.rev) == (before, rev)
        assert state.positions.keys() == before.keys()
        assert all(math.isfinite(value) for value in state.positions.values())
        for answer in answers:
            assert answer.text


def picture(data: bytes) -> None:
    """A decoder that is given anything: an upright RGB picture, or a refusal in one sentence."""
    refused = None
    try:
        image = decode.decode(data, source="fuzz")
    except PictureError as error:
        refused = str(error)
    if refused is not None:
        assert refused.startswith("fuzz: ")
        assert "\n" not in refused
        return
    assert image.mode == "RGB"
    assert min(image.size) >= 1
    assert max(image.size) <= decode.MAX_EDGE_PX
    assert not image.info


def seeds() -> list[bytes]:
    """Small pictures of every format and mode that is taken."""
    found = []
    for kind, modes in {
        "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
        "JPEG": ("RGB", "L", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
    }.items():
        for mode in modes:
            file = io.BytesIO()
            # Only 16 bits of grey cannot be converted to.
            grey16 = Image.new("I;16", (24, 20), 30_000)
            image = Image.new("RGB", (24, 20), "teal")
            (grey16 if mode == "I;16" else image.convert(mode)).save(file, kind)
            found.append(file.getvalue())
    return found
