"""How people get to the server: address, TLS, proxy, tokens; and what is printed of it.

Options of the command line and the environment come in, checked; URLs go out. Knows nothing
about requests and what is served.
"""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from styletune.errors import ConfigError
from styletune.server import token as tokens
from styletune.server.address import shown
from styletune.server.origin import Origin

_ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entrance:
    """Everything about getting in that is not the performance's.

    Attributes:
        token: the player's; None: a new one at this start.
        view_token: the viewers'; None: there is none.
        allowed_hosts: names besides loopback under which browsers may come.
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
            tokens.check(self.token, "the token")
            if self.token == self.view_token:
                raise ConfigError(
                    f"{tokens.VIEW_VARIABLE} must differ from the player's token, "
                    "or whoever watches could play"
                )
        if self.root_path and not _ROOT_PATH.fullmatch(self.root_path):
            raise ConfigError(
                "--root-path begins with a slash, ends without one and has letters, digits "
                f"and . _ ~ - between; received {self.root_path!r}"
            )
        if self.tls is not None:
            _check_certificate(*self.tls)

    def base(self, host: str, port: int) -> str:
        """The address of the page, as people see it."""
        scheme = "http" if self.tls is None else "https"
        origin = str(self.public) if self.public else f"{scheme}://{shown(host)}:{port}"
        return f"{origin}{self.root_path}/"


def with_token(base: str, token: str) -> str:
    """The address that lets a browser in."""
    return f"{base}?token={quote(token, safe='')}"


def tls_files(certificate: str | None, key: str | None) -> tuple[Path, Path] | None:
    """Certificate and key as options name them; a key within the certificate's file is fine.

    Raises:
        ConfigError: a key without a certificate.
    """
    if certificate is None:
        if key is not None:
            raise ConfigError("--tls-key needs --tls-cert, the certificate that belongs to it")
        return None
    return Path(certificate), Path(key or certificate)


def _check_certificate(certificate: Path, key: Path) -> None:
    """Load both now: an error while serving would tell nobody."""

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
