"""Controller profiles: what each control of a device moves, as TOML files chosen by device name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from styletune.errors import ConfigError, Location, explain_validation_error
from styletune.files import configs_folder
from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.message import MAX_7_BIT, MAX_14_BIT, ControlId, Encoding, MessageType
from styletune.midi.port_name import device_name
from styletune.midi.takeover import Mode
from styletune.toml_reader import parse_toml, read_toml

MAX_NAME = 200  # characters of a device's
MAX_CHARS = 60_000  # of a profile that somebody sends
MAX_PROFILES = 128  # of a person's own: made-up names of devices must not fill a disk
_COMMENT = "# A controller profile of styletune; configs/controllers holds examples."
_INDEX = "#"  # in a target: the index in the row's list of numbers, from 1

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Channel = Annotated[int, Field(ge=1, le=16)]
Number = Annotated[int, Field(ge=0, le=MAX_14_BIT)]
Byte = Annotated[int, Field(ge=0, le=255)]
Value = Annotated[int, Field(ge=0, le=MAX_7_BIT)]
Part = Annotated[float, Field(ge=0, le=1)]
Message = Annotated[tuple[Byte, ...], Field(min_length=1, max_length=128)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _FeedbackRow(_Strict):
    """`feedback` of a row that needs more than its kind."""

    kind: FeedbackKind
    status: MessageType | None = None
    channel: Channel | None = None
    number: Number | tuple[Number, ...] | None = None
    on: Value | Message = MAX_7_BIT
    off: Value | Message = 0


class _ControlRow(_Strict):
    """One control, or as many as its lists of numbers and channels are long."""

    target: Annotated[str, Field(min_length=1, max_length=100)]
    status: MessageType = MessageType.CONTROL_CHANGE
    channel: Channel | Annotated[tuple[Channel, ...], Field(min_length=1)] = 1
    number: Number | Annotated[tuple[Number, ...], Field(min_length=1)] = 0
    encoding: Encoding | None = None
    low: Part = 0.0
    high: Part = 1.0
    curve: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    invert: bool = False
    takeover: Mode | None = None
    step: Annotated[float, Field(gt=0, le=1)] = 1 / 127
    sets: float | bool | None = None
    feedback: FeedbackKind | _FeedbackRow = FeedbackKind.NONE
    learned: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high (invert turns it round); low={self.low}")
        lengths = {len(part) for part in (self.channel, self.number) if isinstance(part, tuple)}
        if len(lengths) > 1:
            raise ValueError("channel and number must be lists of the same length")
        if not 0 <= (self.sets or 0) <= MAX_7_BIT:
            raise ValueError(f"sets must be in 0..127; sets={self.sets}")
        _check_number("number", self.status, self.number)
        if isinstance(shown := self.feedback, _FeedbackRow):
            number = self.number if shown.number is None else shown.number
            _check_number("feedback.number", shown.status or self.status, number)
        return self

    def bindings(self, takeover: Mode) -> Iterator[Binding]:
        count = max(len(_as_tuple(self.channel, 1)), len(_as_tuple(self.number, 1)))
        channels, numbers = _as_tuple(self.channel, count), _as_tuple(self.number, count)
        encoding = self.encoding or (
            Encoding.BUTTON if self.status is MessageType.NOTE else Encoding.ABSOLUTE
        )
        for index, (channel, number) in enumerate(zip(channels, numbers, strict=True)):
            feedback = self._feedback(index, ControlId(self.status, channel, number))
            # A control that feedback sets is always where its control is.
            mode = Mode.JUMP if feedback.kind is FeedbackKind.RING else takeover
            yield Binding(
                source=ControlId(self.status, channel, number),
                target=self.target.replace(_INDEX, str(index + 1)),
                encoding=encoding,
                low=self.low,
                high=self.high,
                curve=self.curve,
                invert=self.invert,
                takeover=self.takeover or mode,
                step=self.step,
                sets=None if self.sets is None else float(self.sets),
                feedback=feedback,
                learned=self.learned,
            )

    def _feedback(self, index: int, source: ControlId) -> Feedback:
        shown = self.feedback
        if not isinstance(shown, _FeedbackRow):
            return Feedback(shown)
        number = shown.number[index] if isinstance(shown.number, tuple) else shown.number
        other = ControlId(
            shown.status or source.status,
            shown.channel or source.channel,
            source.number if number is None else number,
        )
        return Feedback(shown.kind, None if other == source else other, shown.on, shown.off)


class _ProfileFile(_Strict):
    name: Name
    devices: Annotated[tuple[Name, ...], Field(min_length=1)]
    takeover: Mode = Mode.PICKUP
    mode: Annotated[str, Field(max_length=200)] = ""
    enter: Annotated[tuple[Message, ...], Field(max_length=64)] = ()
    controls: Annotated[tuple[_ControlRow, ...], Field(max_length=512)] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The bindings of one kind of device.

    Attributes:
        name: for people.
        devices: parts of the names under which systems announce it.
        bindings: at most one for each source.
        init_messages: raw messages that make the device ready, sent before any feedback.
        mode: of the device that it is for, and how to get there, for people.
    """

    name: str
    devices: tuple[str, ...]
    bindings: Mapping[ControlId, Binding]
    init_messages: tuple[tuple[int, ...], ...] = ()
    mode: str = ""

    def matches(self, device: str) -> bool:
        """Whether a device of that name is one of these; case does not matter."""
        return any(part.casefold() in device.casefold() for part in self.devices)

    def with_binding(self, binding: Binding) -> "Profile":
        """A copy with `binding`, in place of any other of its source."""
        return replace(self, bindings={**self.bindings, binding.source: binding})

    def without(self, sources: Iterable[ControlId]) -> "Profile":
        """A copy without the bindings of these sources."""
        gone = set(sources)
        left = {source: bound for source, bound in self.bindings.items() if source not in gone}
        return replace(self, bindings=left)


def load(path: str | Path) -> Profile:
    """Read a profile file.

    Raises:
        ConfigError: missing, not TOML, an unknown key, a value that is not allowed, or two
            rows for one control.
    """
    return _profile(read_toml(Path(path)), str(path))


def loads(text: str, where: str = "profile") -> Profile:
    """Read a profile's text; see `load`.

    Raises:
        ConfigError: see `load`; or it is longer than 60,000 characters.
    """
    return _profile(parse_toml(text, where, MAX_CHARS), where)


def dumps(profile: Profile) -> str:
    """The profile as TOML, which `loads` reads to the same profile."""
    data: dict[str, Any] = {"name": profile.name, "devices": profile.devices}
    if profile.mode:
        data["mode"] = profile.mode
    if profile.init_messages:
        data["enter"] = profile.init_messages
    data["controls"] = [_row(binding) for binding in profile.bindings.values()]
    return f"{_COMMENT}\n{tomli_w.dumps(data)}"


def dumps_checked(profile: Profile) -> str:
    """The same, where `loads` does read it to the same profile: only such a one may be kept.

    Raises:
        ConfigError: it does not.
    """
    text = dumps(profile).encode(errors="replace").decode()
    if loads(text, where="this profile cannot be kept") != profile:
        raise ConfigError("this profile cannot be kept: it would not be read back as it is")
    return text


def load_shipped() -> tuple[Profile, ...]:
    """All profiles that come with styletune.

    Raises:
        ConfigError: the installation lacks them, or one is damaged.
    """
    return tuple(load(path) for path in sorted(_controllers().glob("*.toml")))


def load_named(name: str) -> Profile:
    """The profile of `midi.profile` in a session file: a file, or the name of a shipped one.

    Raises:
        ConfigError: there is none.
    """
    if Path(name).is_file():
        return load(name)
    profiles = {path.stem: path for path in sorted(_controllers().glob("*.toml"))}
    if name.casefold() not in profiles:
        raise ConfigError(
            f"no controller profile `{name}`; a file or one of {', '.join(profiles)} is needed"
        )
    return load(profiles[name.casefold()])


def find(device: str, profiles: Iterable[Profile]) -> Profile | None:
    """The first profile that matches the device's name, or None."""
    return next((profile for profile in profiles if profile.matches(device)), None)


def name_to_keep(device: str, profiles: Sequence[Profile]) -> str:
    """Under which name a profile learnt for `device` is kept: without what the system adds.

    A number that makes it another known controller belongs to its name: `Launch Control XL 3`.
    """
    name = device_name(device)
    return name if find(name, profiles) is find(device, profiles) else device


def _controllers() -> Path:
    return configs_folder() / "controllers"


def _allowed_keys(location: Location) -> str:
    model = _ControlRow if "controls" in location[:-1] else _ProfileFile
    return "" if "feedback" in location[:-1] else f"allowed are {', '.join(model.model_fields)}"


def _profile(data: Mapping[str, Any], where: str) -> Profile:
    try:
        file = _ProfileFile.model_validate(data)
        rows = [binding for row in file.controls for binding in row.bindings(file.takeover)]
    except ValidationError as error:
        why = explain_validation_error(error, allowed=_allowed_keys)
        raise ConfigError(f"{where}: {why}") from None
    except IndexError:
        raise ConfigError(f"{where}: `feedback.number`: too short a list for its row") from None
    bindings: dict[ControlId, Binding] = {}
    for binding in rows:
        if binding.source in bindings:
            raise ConfigError(
                f"{where}: {binding.source} is mapped twice, "
                f"to `{bindings[binding.source].target}` and `{binding.target}`"
            )
        bindings[binding.source] = binding
    return Profile(file.name, file.devices, bindings, file.enter, file.mode)


def _row(binding: Binding) -> dict[str, Any]:
    """A binding as a row; defaults are left out, but for those that people look for."""
    source, feedback = binding.source, binding.feedback
    row: dict[str, Any] = {
        "target": binding.target,
        "status": source.status.value,
        "channel": source.channel,
        "number": source.number,
        "encoding": binding.encoding.value,
        "takeover": binding.takeover.value,
    }
    plain = Binding(source, binding.target, binding.encoding)
    for key in ("low", "high", "curve", "invert", "step", "sets", "learned"):
        value = getattr(binding, key)
        if value != getattr(plain, key):
            row[key] = value
    if feedback.kind is not FeedbackKind.NONE:
        shown = feedback.source or source
        row["feedback"] = {
            "kind": feedback.kind.value,
            "status": shown.status.value,
            "channel": shown.channel,
            "number": shown.number,
            "on": feedback.on,
            "off": feedback.off,
        }
    return row


def _check_number(name: str, status: MessageType, number: int | tuple[int, ...]) -> None:
    wide = status in (MessageType.NRPN, MessageType.RPN)
    if not wide and max(_as_tuple(number, 1), default=0) > MAX_7_BIT:
        raise ValueError(f"{name} must be in 0..127")


def _as_tuple(value: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * count
