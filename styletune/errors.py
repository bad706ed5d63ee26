"""The error tree. Every message says what is wrong, what is allowed, what was
received and, where there is one, the remedy.

    StyletuneError
    ├── ConfigError      a session file, profile or command-line value
    ├── ControlError     an unknown control or a value outside its range
    ├── LayerError       a layer that the network does not have
    ├── PictureError     a picture that cannot be read or used
    ├── StorageError     a disk that is full or read-only
    ├── WeightsError     network weights missing, damaged or mismatched
    ├── FilmError        a film that cannot be decoded, or has no pictures
    ├── LookError        a learned look that is missing, damaged or of another version
    ├── DeviceError      no such GPU (exit code 2)
    ├── TakeError        a take that cannot be read, or whose pictures are missing
    ├── MessageError     a message on a socket that is not understood
    ├── SceneError       a scene that is not there, or cannot be kept
    ├── MemoryBlockError shared memory: no space, other layout, never written
    ├── CheckpointError  a kept painting that cannot be read, or is not there
    ├── WorkerError      the painting process failed and does not come back
    ├── UnreachableError no server answers, or it was away for too long
    ├── RefusedError     the server refuses this client, or what it asks for
    ├── SweepError       a sweep whose results cannot be kept together
    └── PortInUseError   somebody else listens on the address (exit code 3)
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who only raises errors need not load pydantic
    from pydantic import ValidationError

Location = tuple[int | str, ...]


class StyletuneError(Exception):
    """Base of all errors that a person can cause or mend; `str` is one sentence."""

    exit_code = 1


class ConfigError(StyletuneError):
    """A session file, controller profile or option is not valid (exit code 2)."""

    exit_code = 2


class ControlError(StyletuneError):
    """An unknown control, or a value that the control does not take."""


class LayerError(StyletuneError):
    """A layer that the feature network does not have."""

    exit_code = 2


class PictureError(StyletuneError):
    """A picture that is missing, damaged, too large or too small."""


class FilmError(StyletuneError):
    """A film that is missing, cannot be decoded or has no pictures."""


class StorageError(StyletuneError):
    """Something cannot be saved: the disk is full, or read-only."""


class WeightsError(StyletuneError):
    """Network weights that are missing, damaged or made for another network."""


class LookError(StyletuneError):
    """A learned look that is missing, damaged, of another version, or cannot be run."""


class DeviceError(StyletuneError):
    """A processor or GPU that this machine does not have (exit code 2)."""

    exit_code = 2


class TakeError(StyletuneError):
    """A take that is missing, damaged, of another version, or whose pictures are not there."""


class MessageError(StyletuneError):
    """A message on a socket that is not JSON, of unknown type or wrong shape.

    Attributes:
        code: short machine-readable reason, sent back as `error.code`.
    """

    def __init__(self, message: str, code: str = "bad_message") -> None:
        super().__init__(message)
        self.code = code


class SceneError(StyletuneError):
    """A scene that is not there, cannot be kept or is not one.

    Attributes:
        code: short machine-readable reason, sent back as `error.code`.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class MemoryBlockError(StyletuneError):
    """A shared memory block that cannot be made, attached or read."""


class CheckpointError(StyletuneError):
    """A checkpoint that is damaged or missing; nothing to resume."""


class WorkerError(StyletuneError):
    """The worker process cannot paint."""


class UnreachableError(StyletuneError):
    """No server answers at the address, or it was away for too long."""


class RefusedError(StyletuneError):
    """The server does not let this client in, or does not obey a message.

    Attributes:
        code: the server's short machine-readable reason.
    """

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class SweepError(StyletuneError):
    """A sweep whose results cannot be written, or do not belong together."""


class PortInUseError(StyletuneError):
    """Another program already listens on the address."""

    exit_code = 3


def explain_validation_error(
    error: "ValidationError",
    *,
    allowed: Callable[[Location], str] | None = None,
    location: Location | None = None,
) -> str:
    """The first problem in one sentence: the key, what is allowed, what was received.

    Args:
        allowed: what to say of the keys that are allowed in place of the unknown one there.
        location: of the key, where pydantic's own names more than people wrote.
    """
    first = error.errors(include_url=False)[0]
    location = first["loc"] if location is None else location
    key = ".".join(str(part) for part in location)[:80]
    if first["type"] == "extra_forbidden" and allowed is not None:
        return "; ".join(filter(None, (f"unknown key `{key}`", allowed(location))))
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if first["type"] not in ("value_error", "missing"):
        message += f"; received {short_repr(first['input'])}"
    return f"`{key}`: {message}" if key else message


def short_repr(value: object, limit: int = 80) -> str:
    """`repr` cut to `limit` characters: a hostile value must not flood a message."""
    try:
        text = repr(value[: 2 * limit] if isinstance(value, str | bytes | list) else value)
    except (ValueError, RecursionError):  # an integer of more digits than Python prints
        return "a value too large to show"
    return text if len(text) <= limit else text[:limit] + "…"
