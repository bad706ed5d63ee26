"""The error tree. Every message says what is wrong, what is allowed, what was
received and, where there is one, the remedy.

    StyletuneError
    ├── ConfigError      a session file, profile or command-line value
    ├── ControlError     an unknown control or a value outside its range
    ├── LayerError       a layer that the network does not have
    ├── PictureError     a picture that cannot be read or used
    ├── WeightsError     network weights missing, damaged or mismatched
    ├── DeviceError      no such GPU (exit code 2)
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


class WeightsError(StyletuneError):
    """Network weights that are missing, damaged or made for another network."""


class DeviceError(StyletuneError):
    """A processor or GPU that this machine does not have (exit code 2)."""

    exit_code = 2


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
