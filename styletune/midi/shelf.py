"""Where a person's own controller profiles are kept: one file for each device's name.

Profiles come in and go to files, whole or not at all; at the start they are read again and
come before the shipped ones. Knows nothing about what is in them.
"""

import hashlib
import re
from pathlib import Path

import platformdirs

from styletune.errors import ConfigError
from styletune.files import write_bytes_atomically
from styletune.midi.profile import Profile, dumps, in_folder, shipped


def own_folder() -> Path:
    """The folder of a person's own profiles on this system; it need not be there."""
    return platformdirs.user_config_path("styletune", appauthor=False) / "controllers"


class Shelf:
    """Profiles: a person's own first, then the shipped ones.

    Args:
        folder: of a person's own; None: there are none, and nothing is kept.

    Raises:
        ConfigError: a profile is damaged; its file is named.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.profiles = (*(in_folder(folder) if folder else ()), *shipped())

    def keep(self, device: str, profile: Profile) -> None:
        """Write the profile of `device`.

        Raises:
            ConfigError: the folder cannot be written.
        """
        if self._folder is None:
            return
        path = self._folder / _file_name(device)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(path, dumps(profile).encode(errors="replace"))
        except OSError as error:
            raise ConfigError(f"{path}: the profile cannot be kept: {error}") from None


def _file_name(device: str) -> str:
    """Readable, and another one for each name: `launch-control-xl-1f0a3c.toml`."""
    words = re.sub(r"[^a-z0-9]+", "-", device.casefold()).strip("-")[:40] or "device"
    return f"{words}-{hashlib.sha256(device.encode(errors='replace')).hexdigest()[:6]}.toml"
