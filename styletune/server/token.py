"""The token that opens the server: from outside, or new at each start.

Never from the command line, where other users of the machine can read it. Knows nothing
about requests; see `guard`.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from styletune.errors import ConfigError

VARIABLE = "STYLETUNE_TOKEN"
VIEW_VARIABLE = "STYLETUNE_VIEW_TOKEN"
MAX_LENGTH = 1024


def new() -> str:
    """A random token of 256 bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def from_environment(
    environment: Mapping[str, str] = os.environ, variable: str = VARIABLE
) -> str | None:
    """The token in `STYLETUNE_TOKEN`, or another variable; None: not set or empty.

    Raises:
        ConfigError: it cannot stand in a header.
    """
    token = environment.get(variable, "")
    return check(token, variable) if token else None


def from_file(path: str | Path) -> str:
    """The token in a file that only its owner can read; white space around it is cut.

    Raises:
        ConfigError: the file cannot be read, others can read it, or it holds no token.
    """
    path = Path(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(
                f"{path}: a token file must be readable by its owner only; "
                f"received mode {mode:04o}; run: chmod 600 {path}"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the token cannot be read: {error}") from None
    return check(text.strip(), str(path))


def read(file: str | None) -> str | None:
    """The token of a file, else of `STYLETUNE_TOKEN`, else None.

    Raises:
        ConfigError: the file cannot be read, others can read it, or the token is no token.
    """
    return from_file(file) if file else from_environment()


def view(asked: bool) -> str | None:
    """The viewers' token: of `STYLETUNE_VIEW_TOKEN`, else a new one if `asked`, else None.

    Raises:
        ConfigError: the variable holds no token.
    """
    return from_environment(variable=VIEW_VARIABLE) or (new() if asked else None)


def check(token: str, source: str) -> str:
    """Return the token if it can stand in a header and a URL; errors do not show it.

    Raises:
        ConfigError: empty, too long, or with white space or characters beyond ASCII.
    """
    if not 1 <= len(token) <= MAX_LENGTH or not all("!" <= letter <= "~" for letter in token):
        raise ConfigError(
            f"{source}: a token is 1 to {MAX_LENGTH} visible ASCII characters without spaces; "
            f"received {len(token)} characters"
        )
    return token
