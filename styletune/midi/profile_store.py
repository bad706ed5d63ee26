"""Where controller profiles are kept: a person's own beside those that are shipped."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs

from styletune.errors import ConfigError
from styletune.files import is_set_aside, set_aside, write_bytes_atomically
from styletune.midi.profile import (
    MAX_PROFILES,
    Profile,
    dumps_checked,
    load,
    load_shipped,
    name_to_keep,
)


def user_profile_dir() -> Path:
    """The folder of a person's own profiles on this system; it need not be there."""
    return platformdirs.user_config_path("styletune", appauthor=False) / "controllers"


class ProfileStore:
    """Profiles: a person's own first, one file for each device's name, then the shipped ones.

    A damaged one of a person's own is set aside.

    Args:
        folder: of a person's own; None: there are none, and nothing is saved.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._saved: dict[str, Profile] = {}
        shipped = load_shipped()
        own = list(_load_own(folder)) if folder else []
        # Earlier, profiles were kept under names with what the system had added.
        renamed = [self._renamed(profile, shipped) for profile in own]
        renamed.sort(key=lambda profile: profile not in own)
        self.profiles = (*renamed, *shipped)

    def save_all(self, profiles: Mapping[str, Profile]) -> None:
        """Write those profiles, by the device's name, that have changed since they were written.

        Raises:
            ConfigError: one cannot be kept; the others are.
        """
        error: ConfigError | None = None
        for device, profile in profiles.items():
            try:
                if self._saved.get(device) != profile:
                    self.save(device, profile)
                    self._saved[device] = profile
            except ConfigError as why:
                error = error or why
        if error is not None:
            raise error

    def save(self, device: str, profile: Profile) -> None:
        """Write the profile of `device`, whole or not at all.

        Raises:
            ConfigError: it could not be read back, there are `MAX_PROFILES` others, or the folder
                cannot be written.
        """
        if self._folder is None:
            return
        path = self._folder / _file_name(device)
        text = dumps_checked(profile)
        if not path.exists() and len(_own_files(self._folder)) >= MAX_PROFILES:
            full = f"{self._folder} holds {MAX_PROFILES} profiles, and no more are kept"
            raise ConfigError(f"{full}; delete those of controllers that are gone")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(path, text.encode())
        except OSError as error:
            raise ConfigError(f"{path}: the profile cannot be kept: {error.strerror}") from None

    def _renamed(self, profile: Profile, shipped: Sequence[Profile]) -> Profile:
        """A profile for the names under which those of its devices would be kept now."""
        assert self._folder is not None
        devices = (
            name_to_keep(device, shipped)
            if (self._folder / _file_name(device)).is_file()
            else device  # a person has written it
            for device in profile.devices
        )
        return replace(profile, devices=tuple(dict.fromkeys(devices)))


def _own_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.toml") if not is_set_aside(path))


def _load_own(folder: Path) -> Iterator[Profile]:
    for path in _own_files(folder):
        try:
            yield load(path)
        except ConfigError as error:
            set_aside(path, str(error).removeprefix(f"{path}: "))


def _file_name(device: str) -> str:
    """Readable and unique for each name: `launch-control-xl-1f0a3c.toml`."""
    words = re.sub(r"[^a-z0-9]+", "-", device.casefold()).strip("-")[:40] or "device"
    return f"{words}-{hashlib.sha256(device.encode(errors='replace')).hexdigest()[:6]}.toml"
