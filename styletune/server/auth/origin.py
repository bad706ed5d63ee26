"""Host, Origin and Sec-Fetch-Site: whether a request comes from one of our own pages.

Host alone would fall to DNS rebinding, and so would Origin = Host: so the names are a closed list,
and Origin must agree with Host in name, scheme and port.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers

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

    def matches(self, host: Authority) -> bool:
        """Whether `host` is this origin's; many proxies leave the port away."""
        return host.name == self.name and host.port in (None, self.port)


def single_header(headers: Headers, name: str) -> str | None:
    """The value of a header, or None.

    Raises:
        AccessDenied: it is doubled; then nobody can say which one counts.
    """
    values = headers.getlist(name)
    if len(values) > 1:
        raise AccessDenied(HTTPStatus.BAD_REQUEST, "bad_header", f"header {name} is doubled")
    return values[0] if values else None


def parse_authority(text: str) -> Authority | None:
    """Parse `name[:port]`; None: it is something else, such as `user@name` or empty."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    return Authority(match["name"].lower().removesuffix("."), port)


def parse_origin(text: str) -> Origin | None:
    """Parse `scheme://name[:port]` of HTTP; None: it is something else, such as `null`."""
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    authority = parse_authority(rest)
    if authority is None or scheme not in _DEFAULT_PORTS:
        return None
    return Origin(scheme, authority.name, authority.port_or(scheme))


def public_origin(text: str) -> Origin:
    """The origin that people see before a proxy, as an option names it.

    Raises:
        ConfigError: it is not one.
    """
    origin = parse_origin(text.removesuffix("/"))
    if origin is None:
        raise ConfigError(
            "--behind-proxy takes the origin that browsers show, such as "
            f"https://paint.example; received {text!r}; for a path see --root-path"
        )
    return origin


def check_host(headers: Headers, allowed: frozenset[str]) -> Authority:
    """Return the host that the client means to talk to.

    Raises:
        AccessDenied: absent, doubled, malformed, or not in `allowed`.
    """
    host = parse_authority(single_header(headers, "host") or "")
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
    """Check that the request is from no foreign page.

    Args:
        own: the origin that pages of this server have for the client.
        reading: an HTTP request that changes nothing.
        bearer: an Authorization header is there, and will decide.

    Raises:
        AccessDenied: another origin, or none where a browser would have sent one.
    """
    raw = single_header(headers, "origin")
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
    """Check where the browser says that the request comes from, if it says so.

    Raises:
        AccessDenied: another site's page embeds or fetches something; following a link is fine.
    """
    if single_header(headers, "sec-fetch-site") in (None, "same-origin", "none"):
        return
    navigates = single_header(headers, "sec-fetch-mode") == "navigate"
    as_page = single_header(headers, "sec-fetch-dest") in (None, "document")
    if not (reading and navigates and as_page):
        raise AccessDenied(HTTPStatus.FORBIDDEN, "cross_site", "another site may only link here")
