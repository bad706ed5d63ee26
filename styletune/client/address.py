"""Where the server is, and the token that opens it.

The printed address with its `?token=` is understood; else the token is given, or stands in a
file or in `STYLETUNE_TOKEN`. Does no network I/O.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from styletune.errors import ConfigError

VARIABLE = "STYLETUNE_TOKEN"
DEFAULT_URL = "http://localhost:8018"
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base URL and token.

    Attributes:
        base: `http(s)://host[:port][/prefix]`, without a slash at its end.
        token: empty: none is sent.
    """

    base: str
    token: str = field(default="", repr=False)

    @classmethod
    def of(
        cls,
        url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> Self:
        """Read an address as a person gives it.

        Args:
            url: `http://host:port`, also with `ws:` or the printed `/?token=…`.
            token: goes before all else; then `token_file`, the URL's own, `STYLETUNE_TOKEN`.

        Raises:
            ConfigError: no such address can be, or the file cannot be read or is open to others.
        """
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            parts.port  # noqa: B018  # raises where it is no number
        except ValueError as error:
            raise ConfigError(f"the address {_plain(url)!r} is not valid: {error}") from None
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ConfigError(
                f"an address looks like {DEFAULT_URL} or https://host; received {_plain(url)!r}"
            )
        if token is None and token_file is not None:
            token = _read(Path(token_file))
        if token is None:
            token = next(iter(parse_qs(parts.query).get("token", [])), None)
        netloc = parts.netloc.rpartition("@")[2]
        base = f"{_SCHEMES[parts.scheme]}://{netloc}{parts.path.rstrip('/')}"
        return cls(base, (token or environment.get(VARIABLE, "")).strip())

    def socket(self, path: str) -> str:
        """The URL of a WebSocket."""
        return "ws" + self.base.removeprefix("http") + path

    @property
    def headers(self) -> dict[str, str]:
        """What opens the door."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def local(self) -> bool:
        """Whether it is this machine: then no proxy is asked."""
        return urlsplit(self.base).hostname in _LOOPBACK


def _plain(url: str) -> str:
    """Without its query, in which a token may stand."""
    return url.partition("?")[0][:200]


def _read(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the token cannot be read: {error}") from None
    if mode & 0o077:
        raise ConfigError(
            f"{path}: a token file must be readable by its owner only; "
            f"received mode {mode:04o}; run: chmod 600 {path}"
        )
    return text
