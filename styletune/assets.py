"""Where the files that ship beside the code are: the page and the shipped configurations.

A wheel carries them inside the package, an editable install or a checkout has them beside
it. Knows nothing about what is in them.
"""

from pathlib import Path

from styletune.errors import ConfigError

PACKAGE = Path(__file__).resolve().parent


def web_folder() -> Path:
    """The folder of the page: `index.html`, its scripts and styles.

    Raises:
        ConfigError: it is in neither place.
    """
    return _folder("web")


def configs_folder() -> Path:
    """The folder of the shipped session files and, in `controllers`, MIDI profiles.

    Raises:
        ConfigError: it is in neither place.
    """
    return _folder("configs")


def _folder(name: str, package: Path = PACKAGE) -> Path:
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(
        f"the installation lacks its folder `{name}`; looked for {places[0]} and {places[1]}; "
        "install styletune again"
    )
