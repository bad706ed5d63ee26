"""Which look a session plays, and whether that look was taught what the session plays."""

from pathlib import Path

from styletune.config import SessionConfig
from styletune.errors import LookError
from styletune.looks import file
from styletune.looks.file import Look


def find(session: SessionConfig) -> Path | None:
    """The file of the session's look: the one it names, or the shipped one of its only style.

    None: there is none. Names of samples count as styles, so ask before they become files.
    """
    if session.look.file is not None:
        return file.locate(session.look.file)
    styles = session.pictures.styles
    return file.shipped().get(styles[0]) if len(styles) == 1 else None


def read_for(session: SessionConfig, path: Path | None) -> Look:
    """Read the look that a session is to be painted by.

    Raises:
        LookError: no look, missing, damaged, of another version, or taught other controls than
            the session has.
    """
    if path is None:
        names = ", ".join(file.shipped())
        raise LookError(
            f"no look is chosen: name one with --look or `file` in [look]; those that ship: {names}"
        )
    look = file.read(path)
    taught, played = look.config.network.selected_layers, session.network.selected_layers
    if taught != played:
        raise LookError(
            f"the look {look.name} was taught the layers {', '.join(taught)}; this session has "
            f"{', '.join(played)}: start with the session that it was taught with, or teach one"
        )
    laws = look.config.painting.faders, session.painting.faders
    if laws[0] != laws[1]:
        raise LookError(
            f'the look {look.name} was taught with `faders = "{laws[0]}"`; this session has '
            f'"{laws[1]}": set it in [painting], or teach one for it'
        )
    return look
