"""Controller profiles: which fader of which device plays which control.

TOML files in `configs/controllers` come in; a lookup from event to control name goes out.
A profile is chosen by the device's name, since one maker's knobs are another's sliders.
Knows nothing about takeover, sockets and values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune.assets import configs_folder
from styletune.config import read_toml
from styletune.controls import Control, ControlTable, Kind
from styletune.errors import ConfigError
from styletune.midi.message import Event, Status

_Key = tuple[Status, int, int]  # status, channel and number: never the number alone


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Row(_Strict):
    status: Status = Status.CONTROL_CHANGE
    channel: Annotated[int, Field(ge=1, le=16)] = 1
    number: Annotated[int, Field(ge=0, le=127)]
    control: Annotated[str, Field(min_length=1)]


class _File(_Strict):
    name: Annotated[str, Field(min_length=1)]
    devices: Annotated[tuple[str, ...], Field(min_length=1)]
    absolute: tuple[_Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of controller plays.

    Attributes:
        name: as people say it.
        devices: parts of the names under which systems announce it.
        absolute: control, or `content.3` for the third layer's, of each absolute fader.
    """

    name: str
    devices: tuple[str, ...]
    absolute: Mapping[_Key, str]

    def matches(self, device: str) -> bool:
        """Whether a device of that name is one of these; case does not matter."""
        return any(part.casefold() in device.casefold() for part in self.devices)

    def fader(self, event: Event, table: ControlTable) -> Control | None:
        """The fader of `table` that the event moves; None: it is not mapped."""
        target = self.absolute.get((event.status, event.channel, event.number))
        if target is None:
            return None
        term, _, place = target.partition(".")
        if place.isdecimal():  # the n-th layer, whichever the session plays
            index = int(place) - 1
            if not 0 <= index < len(table.layers):
                return None
            target = f"{term}.{table.layers[index]}"
        if target not in table or table[target].kind is not Kind.FADER:
            return None
        return table[target]


def load(path: str | Path) -> Profile:
    """Read a profile file.

    Raises:
        ConfigError: missing, not TOML, an unknown key, a value that is not allowed, or two
            rows for one fader.
    """
    path = Path(path)
    try:
        file = _File.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error.errors(include_url=False)[0])}") from None
    absolute: dict[_Key, str] = {}
    for row in file.absolute:
        key = (row.status, row.channel, row.number)
        if key in absolute:
            raise ConfigError(
                f"{path}: {row.status} {row.number} on channel {row.channel} is mapped twice, "
                f"to `{absolute[key]}` and `{row.control}`"
            )
        absolute[key] = row.control
    return Profile(file.name, file.devices, absolute)


def shipped() -> tuple[Profile, ...]:
    """All profiles that come with styletune, by file name.

    Raises:
        ConfigError: the installation lacks them, or one is damaged.
    """
    return tuple(load(path) for path in sorted(_controllers().glob("*.toml")))


def named(name: str) -> Profile:
    """The profile of a session file's `midi.profile`: a file, or a shipped one's name.

    Raises:
        ConfigError: there is neither.
    """
    if Path(name).is_file():
        return load(name)
    profiles = {path.stem: path for path in sorted(_controllers().glob("*.toml"))}
    if name.casefold() not in profiles:
        raise ConfigError(
            f"no controller profile `{name}`; a file or one of {', '.join(profiles)} is needed"
        )
    return load(profiles[name.casefold()])


def choose(device: str, profiles: Iterable[Profile]) -> Profile | None:
    """The first profile that matches the device's name, or None."""
    return next((profile for profile in profiles if profile.matches(device)), None)


def _controllers() -> Path:
    return configs_folder() / "controllers"


def _explain(fault: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key `{key}`"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"`{key}`: {message}; received {fault['input']!r:.80}"
