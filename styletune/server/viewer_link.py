"""The viewers' address, as text and as a QR code: for a terminal and for the players' page."""

import io
import os
import shutil
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

import segno

from styletune.server.auth.origin import LOOPBACK_NAMES, parse_authority
from styletune.server.options import login_url

NOT_REACHABLE = (
    "Only browsers on this machine reach this address. For others, set STYLETUNE_TOKEN and start "
    "with --host 0.0.0.0 --allowed-host and this machine's name or address; or put a proxy before "
    "it, with --behind-proxy."
)
_BLACK_ON_WHITE = "\x1b[97;40m"  # the blocks are what is light: whatever the terminal's theme is
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class ViewerLink:
    """What lets people in who may watch.

    Attributes:
        token: the viewers'.
        base_url: of the page, as this machine reaches it.
        public_url: as other machines do; None: they do not.
    """

    token: str
    base_url: str
    public_url: str | None = None

    @property
    def url(self) -> str:
        """The address to give away."""
        return login_url(self.public_url or self.base_url, self.token)

    def as_seen_from(self, page_url: str) -> "ViewerLink":
        """The same for a player who has that page open: another machine may do so, too."""
        authority = parse_authority(urlsplit(page_url).netloc)
        if authority is None or authority.name in LOOPBACK_NAMES:
            return self
        return ViewerLink(self.token, page_url, page_url)

    def describe(self) -> dict[str, str]:
        """What `GET /api/viewer-link` answers: the address, its code as a data URL, a caution."""
        svg = segno.make(self.url, error="m", micro=False).svg_data_uri(scale=4)
        return {"url": self.url, "svg": svg, "note": "" if self.public_url else NOT_REACHABLE}


def terminal_code(url: str) -> str:
    """A QR code of half blocks for stdout; empty where the terminal cannot show one."""
    code = segno.make(url, error="l", micro=False)
    width, _ = code.symbol_size()
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if not utf8 or shutil.get_terminal_size().columns < width or os.environ.get("TERM") == "dumb":
        return ""
    text = io.StringIO()
    code.terminal(text, compact=True)
    lines = text.getvalue().splitlines()
    return "\n".join(f"{_BLACK_ON_WHITE}{line}{_PLAIN}" for line in lines)
