"""A headless Firefox, driven through its own WebDriver BiDi, without a driver in between.

Source: W3C, "WebDriver BiDi", https://w3c.github.io/webdriver-bidi/.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.live_server import TIMEOUT_S, wait_until

# No downloads and no questions at the first start.
PREFERENCES = """
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
"""


def firefox_path() -> str | None:
    """Path of this machine's Firefox, or None."""
    named = os.environ.get("STYLETUNE_FIREFOX")
    return named or next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


class Page:
    """One tab.

    Attributes:
        errors: what it has logged as an error or a warning.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last_id = 0
        self.errors: list[str] = []
        self._command("session.new", capabilities={})
        self._command("session.subscribe", events=["log.entryAdded"])
        self._tab = self._command("browsingContext.getTree")["contexts"][0]["context"]

    def size(self, width: int, height: int) -> None:
        """Make the window as large, in CSS px."""
        viewport = {"width": width, "height": height}
        self._command("browsingContext.setViewport", context=self._tab, viewport=viewport)

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._command("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, of which JSON can be made."""
        result = self._command(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        return json.loads(result["result"].get("value", "null"))

    def centre(self, selector: str) -> tuple[int, int]:
        """The middle of an element, in CSS px of the window."""
        box = self.evaluate(
            f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        )
        return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, move in eight steps, let go."""
        (x, y), (to_x, to_y) = start, end
        way = [
            self._move(x + (to_x - x) * part // 8, y + (to_y - y) * part // 8)
            for part in range(1, 9)
        ]
        press, lift = ({"type": f"pointer{what}", "button": 0} for what in ("Down", "Up"))
        self._use_mouse([self._move(x, y), press, *way, lift])

    def click(self, selector: str) -> None:
        """Click into the middle of an element."""
        press, lift = ({"type": f"pointer{what}", "button": 0} for what in ("Down", "Up"))
        self._use_mouse([self._move(*self.centre(selector)), press, lift])

    def press(self, key: str) -> None:
        """Press and release a key: a character, or WebDriver's code for one."""
        actions = [{"type": f"key{what}", "value": key} for what in ("Down", "Up")]
        self._perform({"type": "key", "id": "keys", "actions": actions})

    def screenshot(self, file: Path) -> None:
        """Keep what is seen, as a PNG."""
        image = self._command("browsingContext.captureScreenshot", context=self._tab)
        file.write_bytes(base64.b64decode(image["data"]))

    def _move(self, x: int, y: int) -> dict[str, Any]:
        return {"type": "pointerMove", "x": x, "y": y, "duration": 15}

    def _use_mouse(self, actions: Sequence[dict[str, Any]]) -> None:
        mouse = {"pointerType": "mouse"}
        self._perform({"type": "pointer", "id": "mouse", "parameters": mouse, "actions": actions})

    def _perform(self, device: dict[str, Any]) -> None:
        self._command("input.performActions", context=self._tab, actions=[device])

    def _command(self, method: str, **params: Any) -> Any:
        self._last_id += 1
        self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=TIMEOUT_S))
            if message["type"] == "event":
                entry = message["params"]
                if entry["level"] in ("error", "warn"):
                    self.errors.append(str(entry["text"]))
            elif message["id"] == self._last_id:
                assert message["type"] == "success", message
                return message["result"]


@contextmanager
def browsing(path: str) -> Iterator[Page]:
    """Start Firefox with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(prefix="styletune-firefox-") as folder:
        log = Path(folder, "log")
        Path(folder, "user.js").write_text(PREFERENCES)
        with log.open("w") as output:
            process = subprocess.Popen(
                [path, "--headless", "--remote-debugging-port", "0", "--profile", folder],
                stdout=output,
                stderr=output,
                env=os.environ | {"HOME": folder},
                start_new_session=True,
            )
        try:
            address = wait_until("Firefox", lambda: re.search(r"ws://\S+(?=\s)", log.read_text()))
            # A busy browser may leave pings unresulted for long.
            with connect(
                f"{address[0]}/session",
                max_size=None,
                open_timeout=TIMEOUT_S,
                ping_interval=None,
            ) as socket:
                yield Page(socket)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
