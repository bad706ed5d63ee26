"""Where the server is, and the token for it: given, of a file, of the URL, of the environment."""

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
        token: sent with every request, unless it is empty.
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
        """Parse an address as a person writes it.

        Args:
            url: `http://host:port`, also with `ws:`, without a scheme, or with `/?token=…` as
                the server prints it.
            token: takes precedence over `token_file`, that over the URL's own token, and that
                over `STYLETUNE_TOKEN`.
            token_file: a file of mode 0600.

        Raises:
            ConfigError: the address is not valid, or the file cannot be read or is open to others.
        """
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            parts.port  # noqa: B018  # raises where it is not a number
        except ValueError as error:
            raise ConfigError(
                f"the address {_without_query(url)!r} is not valid: {error}"
            ) from None
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ConfigError(
                f"an address looks like {DEFAULT_URL} or https://host; "
                f"received {_without_query(url)!r}"
            )
        if token is None and token_file is not None:
            token = _read_token(Path(token_file))
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
        """HTTP headers that carry the token."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def local(self) -> bool:
        """Whether it is this machine, which no proxy leads to."""
        return urlsplit(self.base).hostname in _LOOPBACK


def _without_query(url: str) -> str:
    """The address for an error message: a token may stand in its query."""
    return url.partition("?")[0][:200]


def _read_token(path: Path) -> str:
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
