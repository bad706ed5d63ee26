"""The viewers' address: which one is given away, to whom, and its QR code."""

import io
import sys
from pathlib import Path

import pytest

from styletune.server.auth.origin import Origin
from styletune.server.options import ServerOptions
from styletune.server.viewer_link import NOT_REACHABLE, ViewerLink, terminal_code
from tests.support.web_process import VIEW_TOKEN, VIEWER, receive, running, send

LINK = ViewerLink("watch", "http://127.0.0.1:8018/")


@pytest.mark.parametrize(
    ("host", "options", "expected"),
    [
        ("127.0.0.1", ServerOptions(), None),
        ("127.0.0.1", ServerOptions(allowed_hosts=("studio",)), None),
        ("0.0.0.0", ServerOptions(), None),  # any other name is refused
        ("0.0.0.0", ServerOptions(allowed_hosts=("studio",)), "http://studio:8018/"),
        ("192.168.1.2", ServerOptions(), "http://192.168.1.2:8018/"),
        ("127.0.0.1", ServerOptions(public=Origin("https", "a.example", 443)), "https://a.example/"),
    ],
)  # fmt: skip
def test_public_url_is_what_other_machines_reach(
    host: str, options: ServerOptions, expected: str | None
) -> None:
    assert options.public_url(host, 8018) == expected


def test_link_follows_the_address_of_the_players_page() -> None:
    assert LINK.as_seen_from("http://localhost:9000/") == LINK
    seen = LINK.as_seen_from("http://studio:9000/paint/")
    assert seen.describe()["url"] == "http://studio:9000/paint/?token=watch"
    assert (LINK.describe()["note"], seen.describe()["note"]) == (NOT_REACHABLE, "")
    assert LINK.describe()["svg"].startswith("data:image/svg+xml")


@pytest.mark.parametrize(
    ("encoding", "columns", "shown"),
    [("utf-8", 80, True), ("utf-8", 30, False), ("ascii", 80, False)],
)
def test_terminal_code_needs_room_and_unicode(
    monkeypatch: pytest.MonkeyPatch, encoding: str, columns: int, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    code = terminal_code(LINK.url)
    assert bool(code) is shown
    if shown:
        first, *_ = code.splitlines()
        assert "█" * 37 in first  # the quiet zone


async def test_viewer_link_is_for_players_and_viewers_see_who_plays(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws", **VIEWER) as watching:
        given = (await server.http.get("/api/viewer-link")).json()
        assert given["url"] == f"http://127.0.0.1/?token={VIEW_TOKEN}"
        withheld = await server.http.get("/api/viewer-link", headers=VIEWER)
        assert withheld.json() == {"url": "", "svg": "", "note": ""}
        assert (await receive(watching, "snapshot"))["state"]["players"] == 0
        async with server.socket("/ws") as playing, server.socket("/ws?only=hardware"):
            await send(playing, {"type": "listen", "device": "nanoKONTROL2"})
            while (state := await receive(watching, "state"))["devices"] != ["nanoKONTROL2"]:
                pass
            assert state["players"] == 1
        while (state := await receive(watching, "state"))["players"]:
            pass
        assert state["devices"] == []
