"""How people get to the server: tokens, address, TLS and proxy, checked; and the URLs printed."""

import errno
import ipaddress
import logging
import os
import re
import secrets
import socket
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from styletune.errors import ConfigError, PortInUseError
from styletune.logs import log_event
from styletune.server.auth.origin import Origin
from styletune.server.connections import Listener

_log = logging.getLogger(__name__)

# Tokens. Never from the command line, where other users of the machine can read them.

TOKEN_VARIABLE = "STYLETUNE_TOKEN"
VIEW_TOKEN_VARIABLE = "STYLETUNE_VIEW_TOKEN"
MAX_TOKEN_LENGTH = 1024


def new_token() -> str:
    """Make a random token of 256 bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def token_from_environment(
    environment: Mapping[str, str] = os.environ, variable: str = TOKEN_VARIABLE
) -> str | None:
    """Return the token in `STYLETUNE_TOKEN`, or another variable; None: not set or empty.

    Raises:
        ConfigError: it cannot stand in a header.
    """
    token = environment.get(variable, "")
    return check_token(token, variable) if token else None


def token_from_file(path: str | Path) -> str:
    """Return the token in a file that only its owner can read; white space around it is cut.

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
    return check_token(text.strip(), str(path))


def resolve_token(file: str | None) -> str | None:
    """Return the token of a file, else of `STYLETUNE_TOKEN`, else None.

    Raises:
        ConfigError: the file cannot be read, others can read it, or the token is no token.
    """
    return token_from_file(file) if file else token_from_environment()


def viewer_token(wanted: bool) -> str | None:
    """Return the viewers' token: of `STYLETUNE_VIEW_TOKEN`, else a new one if `wanted`, else None.

    Raises:
        ConfigError: the variable holds no token.
    """
    return token_from_environment(variable=VIEW_TOKEN_VARIABLE) or (new_token() if wanted else None)


def check_token(token: str, source: str) -> str:
    """Return the token if it can stand in a header and a URL; errors do not show it.

    Raises:
        ConfigError: empty, too long, or with white space or characters beyond ASCII.
    """
    if not 1 <= len(token) <= MAX_TOKEN_LENGTH or not all("!" <= char <= "~" for char in token):
        raise ConfigError(
            f"{source}: a token is 1 to {MAX_TOKEN_LENGTH} visible ASCII characters without "
            f"spaces; received {len(token)} characters"
        )
    return token


# Addresses.


def bind_socket(host: str, port: int) -> Listener:
    """Bind and listen; port 0 is any free one.

    Raises:
        PortInUseError: another program listens there.
        ConfigError: the address is not one of this machine's, or not allowed.
    """
    try:
        # IPv4 first: `localhost` is both, and printed URLs and `ssh -L` mostly mean IPv4.
        family, kind, protocol, _, address = sorted(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), key=lambda info: info[0]
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"server.host `{host}`: no such address: {error}") from None
    listener = Listener(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"another program already listens on {host}:{port}; "
                "choose another port with --port, or any free one with --port 0"
            ) from None
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; see --host and --port"
        ) from None
    listener.setblocking(False)
    return listener


def require_token_if_public(host: str, token: str | None, *, encrypted: bool = False) -> None:
    """Check that an address open to the network is meant to be, and warn of plain HTTP there.

    Args:
        host: to bind to.
        token: chosen by a person; None: there is none.
        encrypted: served over HTTPS.

    Raises:
        ConfigError: beyond loopback, and nobody has chosen a token.
    """
    if _is_loopback(host):
        return
    if token is None:
        raise ConfigError(
            f"server.host `{host}` is open to the network and needs a token of yours; "
            f"set {TOKEN_VARIABLE}, or stay on 127.0.0.1 and use ssh -L"
        )
    if encrypted:
        return
    log_event(
        _log,
        logging.WARNING,
        "exposed",
        host=host,
        message="plain HTTP: everybody on the way can read the pictures and the token; "
        "ssh -L or --tls-cert keeps them private",
    )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def format_host(host: str) -> str:
    """The host as it stands in a URL."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "localhost"
    return f"[{address}]" if address.version == 6 else host


_ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Everything about getting in that no session file holds.

    Attributes:
        token: the player's; None: a new one at this start.
        view_token: the viewers'; None: there is none.
        allowed_hosts: names besides loopback under which browsers reach the server.
        tls: certificate and key of HTTPS; None: plain HTTP.
        public: what browsers show when a proxy stands before this server.
        root_path: where the proxy has put it, such as `/paint`; empty: at the root.
    """

    token: str | None = field(default=None, repr=False)
    view_token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    tls: tuple[Path, Path] | None = None
    public: Origin | None = None
    root_path: str = ""

    def __post_init__(self) -> None:
        """Check what depends on each other.

        Raises:
            ConfigError: naming the option or the variable.
        """
        if self.token is not None:
            check_token(self.token, "the token")
            if self.token == self.view_token:
                raise ConfigError(
                    f"{VIEW_TOKEN_VARIABLE} must differ from the player's token, "
                    "or whoever watches could play"
                )
        if self.root_path and not _ROOT_PATH.fullmatch(self.root_path):
            raise ConfigError(
                "--root-path begins with a slash, ends without one and has letters, digits "
                f"and . _ ~ - between; received {self.root_path!r}"
            )
        if self.tls is not None:
            _check_certificate(*self.tls)

    def base_url(self, host: str, port: int) -> str:
        """The address of the page, as people see it."""
        scheme = "http" if self.tls is None else "https"
        origin = str(self.public) if self.public else f"{scheme}://{format_host(host)}:{port}"
        return f"{origin}{self.root_path}/"

    def public_url(self, host: str, port: int) -> str | None:
        """The address of the page for other machines; None: only this one reaches it."""
        if self.public is None and _is_loopback(host):
            return None
        if self.public is None and format_host(host) == "localhost":  # every address, no name
            return self.base_url(self.allowed_hosts[0], port) if self.allowed_hosts else None
        return self.base_url(host, port)


def login_url(base_url: str, token: str) -> str:
    """The address that lets a browser in."""
    return f"{base_url}?token={quote(token, safe='')}"


def tls_files(certificate: str | None, key: str | None) -> tuple[Path, Path] | None:
    """Return certificate and key; a key within the certificate's file is fine.

    Raises:
        ConfigError: a key without a certificate.
    """
    if certificate is None:
        if key is not None:
            raise ConfigError("--tls-key needs --tls-cert, the certificate that belongs to it")
        return None
    return Path(certificate), Path(key or certificate)


def _check_certificate(certificate: Path, key: Path) -> None:
    """Load both now: nobody would see an error while serving."""

    def password() -> str:
        raise ConfigError(f"{key}: the key is locked by a password; give one that is not")

    for path in (certificate, key):
        if not path.is_file():
            raise ConfigError(f"{path}: no such file; see --tls-cert and --tls-key")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate, key, password
        )
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"{certificate} and {key} are not a PEM certificate and its key: {error}"
        ) from None
