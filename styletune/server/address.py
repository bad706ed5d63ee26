"""The address to listen on: judged, bound, and as people see it.

Knows nothing about what is served there.
"""

import errno
import ipaddress
import logging
import socket

from styletune.errors import ConfigError, PortInUseError
from styletune.logs import log_event
from styletune.server.token import VARIABLE

_log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
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
    listener = socket.socket(family, kind, protocol)
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


def check_exposure(host: str, token: str | None, *, encrypted: bool = False) -> None:
    """Check that an address open to the network is meant to be, and say what that means.

    Args:
        host: to listen on.
        token: that a person has chosen, or None.
        encrypted: served over HTTPS.

    Raises:
        ConfigError: beyond loopback, and nobody has chosen a token.
    """
    if _is_loopback(host):
        return
    if token is None:
        raise ConfigError(
            f"server.host `{host}` is open to the network and needs a token of yours; "
            f"set {VARIABLE}, or stay on 127.0.0.1 and use ssh -L"
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


def shown(host: str) -> str:
    """The host as it stands in a URL."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "localhost"
    return f"[{address}]" if address.version == 6 else host
