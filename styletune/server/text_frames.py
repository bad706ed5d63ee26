"""Text messages out of the bytes of a WebSocket (RFC 6455 §5.2), a handful at once. Pure.

A page and a script send whole, short, masked text messages and hardly anything else. These are
read here, in half the time that a general parser takes; whatever else comes is handed on, frame
by frame, to such a parser, so that everything unusual and every error is its business.
"""

from collections.abc import Iterator

_TEXT = 0x81  # whole: not the first frame of several
_CLOSE, _PING, _PONG = 0x88, 0x89, 0x8A
_MASKED = 0x80
_LENGTH_FOLLOWS = 126  # in two bytes; 127, in eight, is for the parser


class TextFrames:
    """The reader of one connection."""

    def __init__(self, max_bytes: int) -> None:
        """Read messages of up to so many bytes; longer ones are the parser's, which refuses."""
        self._max_bytes = max_bytes
        self._held = b""  # the beginning of a frame
        self._quick = True

    def give_up(self) -> None:
        """From now on hand on all bytes as they come."""
        self._quick = False

    def read(self, data: bytes) -> Iterator[str | bytes]:
        """What has come, in its order: messages as text, the rest as bytes for the parser.

        What is handed on are whole control frames; from the first frame that is neither text nor
        control, from a close, and from anything that is wrong, it is all bytes there are.
        """
        if self._held:
            data = self._held + data
            self._held = b""
        at = 0
        while self._quick and at < len(data):
            begin, end = self._bounds(data, at)
            if end > len(data):  # the rest of it is on its way
                self._held = data[at:]
                return
            if begin < 0:
                self._quick = False
            elif data[at] == _TEXT:
                try:
                    text = _unmasked(data, begin, end).decode()
                except UnicodeDecodeError:
                    self._quick = False
                    continue
                yield text
                at = end
            else:
                self._quick = data[at] != _CLOSE
                yield data[at:end]
                at = end
        if at < len(data):
            yield data[at:]

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Where a frame's payload begins and ends; (-1, 0): it is the parser's."""
        kind = data[at]
        if kind not in (_TEXT, _CLOSE, _PING, _PONG):
            return -1, 0
        if len(data) < at + 2:
            return 0, len(data) + 1
        size = data[at + 1] - _MASKED
        begin = at + 6
        if size == _LENGTH_FOLLOWS and kind == _TEXT:
            size = int.from_bytes(data[at + 2 : at + 4], "big")
            begin = at + 8
            if len(data) < begin:
                return 0, begin
        elif not 0 <= size < _LENGTH_FOLLOWS:
            return -1, 0
        return (-1, 0) if size > self._max_bytes else (begin, begin + size)


def _unmasked(data: bytes, begin: int, end: int) -> bytes:
    """The payload data[begin:end] without the mask in the four bytes before it."""
    size = end - begin
    mask = (data[begin - 4 : begin] * (size // 4 + 1))[:size]
    payload = int.from_bytes(data[begin:end], "big") ^ int.from_bytes(mask, "big")
    return payload.to_bytes(size, "big")
