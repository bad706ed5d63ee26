"""Host, Origin and Sec-Fetch-Site: whether one of our own pages is asking, under our name.

Headers come in; a `AccessDenied` is raised or nothing is. Host alone would fall to DNS rebinding,
Origin = Host alone as well; so the names are a closed list, and Origin must agree with them
in name, scheme and port. Knows nothing about tokens.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from styletune.errors import ConfigError
from styletune.server.auth.responses import AccessDenied

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_AUTHORITY = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Authority:
    """Name and port of a Host or Origin, normalised; port None: the scheme's own."""

    name: str
    port: int | None

    def port_or(self, scheme: str) -> int:
        """The port, or the one that the scheme stands for."""
        return _DEFAULT_PORTS[scheme] if self.port is None else self.port


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a page comes from."""

    scheme: str
    name: str
    port: int

    def __str__(self) -> str:
        """As it stands in an Origin header."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.name}{port}"

    def answers_to(self, host: Authority) -> bool:
        """Whether `host` is this origin's; many proxies leave the port away."""
        return host.name == self.name and host.port in (None, self.port)


class Headers:
    """The headers of one request; every name may be doubled by a hostile client."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = list(raw)

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header."""
        return [value for key, value in self._raw if key.lower() == name]

    def one(self, name: bytes) -> bytes | None:
        """The value of a header, or None.

        Raises:
            Refusal: it is doubled; then nobody can say which one counts.
        """
        values = self.all(name)
        if len(values) > 1:
            raise AccessDenied(
                HTTPStatus.BAD_REQUEST, "bad_header", f"header {name.decode()} is doubled"
            )
        return values[0] if values else None


def parse_authority(text: bytes) -> Authority | None:
    """Parse `name[:port]`; None: it is something else, such as `user@name` or empty."""
    match = _AUTHORITY.fullmatch(text.decode("latin-1"))
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    return Authority(match["name"].lower().removesuffix("."), port)


def parse_origin(text: bytes) -> Origin | None:
    """Parse `scheme://name[:port]` of HTTP; None: it is something else, such as `null`."""
    scheme, _, rest = text.partition(b"://")
    authority = parse_authority(rest)
    name = scheme.decode("latin-1").lower()
    if authority is None or name not in _DEFAULT_PORTS:
        return None
    return Origin(name, authority.name, authority.port_or(name))


def public_origin(text: str) -> Origin:
    """The origin that people see before a proxy, as an option names it.

    Raises:
        ConfigError: it is not one.
    """
    origin = parse_origin(text.removesuffix("/").encode())
    if origin is None:
        raise ConfigError(
            "--behind-proxy takes the origin that browsers show, such as "
            f"https://paint.example; received {text!r}; for a path see --root-path"
        )
    return origin


def check_host(headers: Headers, allowed: frozenset[str]) -> Authority:
    """Return whom the client believes to talk to.

    Raises:
        Refusal: absent, doubled, malformed, or not in `allowed`.
    """
    host = parse_authority(headers.one(b"host") or b"")
    if host is None:
        raise AccessDenied(HTTPStatus.BAD_REQUEST, "bad_host", "the Host header is not a host name")
    if host.name not in allowed:
        raise AccessDenied(
            HTTPStatus.FORBIDDEN,
            "foreign_host",
            f"this server does not answer to the host name {host.name[:80]}; "
            f"to {', '.join(sorted(allowed))} it does; see --allowed-host",
        )
    return host


def check_origin(headers: Headers, own: Origin, *, reading: bool, bearer: bool) -> None:
    """Check that no foreign page is asking.

    Args:
        own: the origin that pages of this server have for the client.
        reading: an HTTP request that changes nothing.
        bearer: an Authorization header is there, and will decide.

    Raises:
        Refusal: another origin, or none where a browser would have sent one.
    """
    raw = headers.one(b"origin")
    if raw is None:
        if reading or bearer:
            return
        raise AccessDenied(
            HTTPStatus.FORBIDDEN,
            "no_origin",
            "a request without Origin needs an Authorization: Bearer header",
        )
    if parse_origin(raw) != own:
        raise AccessDenied(
            HTTPStatus.FORBIDDEN,
            "foreign_origin",
            "Origin and Host differ; a proxy must pass the browser's Host on, and its "
            "origin be named by --behind-proxy",
        )


def check_fetch_site(headers: Headers, *, reading: bool) -> None:
    """Check what the browser says about the asking page, where it does.

    Raises:
        Refusal: another site's page embeds or fetches something; following a link is fine.
    """
    if headers.one(b"sec-fetch-site") in (None, b"same-origin", b"none"):
        return
    navigates = headers.one(b"sec-fetch-mode") == b"navigate"
    as_page = headers.one(b"sec-fetch-dest") in (None, b"document")
    if not (reading and navigates and as_page):
        raise AccessDenied(HTTPStatus.FORBIDDEN, "cross_site", "another site may only link here")
