"""One running server and one real browser for the end-to-end tests."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.live_server import TIMEOUT_S, LiveServer, chromium_path, serve, wait_until

expect.set_options(timeout=1000 * TIMEOUT_S)

# One element of each panel: the panels load one by one after the first picture.
PANELS = ", ".join(
    f"document.querySelector({selector!r})"
    for selector in (
        "#content-file", "#stage-tools button", "#losses-body tr:nth-child(8)", "#strip-tooltip",
        "#history-panel canvas", "#scenes-panel .scene.new", "#midi-panel h2",
    )
)  # fmt: skip
# A nanoKONTROL2 that a test can turn: the page finds it where it finds real ones.
FAKE_MIDI = """
const input = Object.assign(new EventTarget(), {
  id: "1", name: "nanoKONTROL2", state: "connected", connection: "open", type: "input",
  onmidimessage: null,
});
window.turn = (data) => input.onmidimessage?.({ data: new Uint8Array(data) });
navigator.requestMIDIAccess = async (options) => {
  if (options?.sysex) throw new DOMException("SysEx was requested", "SecurityError");
  return Object.assign(new EventTarget(), {
    inputs: new Map([["1", input]]), outputs: new Map(), onstatechange: null,
  });
};
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server painting the samples with `lite` at a small size."""
    with serve("--size", "128", "--no-spare") as running:
        running.epoch()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    path = chromium_path()
    if path is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run the browser tests"
        pytest.skip("no Chromium here: apt-get install chromium, or set STYLETUNE_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def browsing(
    browser: Browser, width: int = 1440, height: int = 900, **options: Any
) -> Iterator[BrowserContext]:
    """A window of its own, with our timeout."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(1000 * TIMEOUT_S)
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, url: str) -> Page:
    """The page, painting, with all its panels."""
    page = context.new_page()
    page.goto(url)
    loaded(page)
    return page


def loaded(page: Page) -> None:
    """Wait for the first picture, and for the panels that come after it."""
    wait_until("a picture on the page", lambda: drawn(page)["epoch"] > 0)
    wait_until("all panels", lambda: page.evaluate(f"[{PANELS}].every(Boolean)"))


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    """The page, painting, with a fake controller plugged in; it must not log an error."""
    errors: list[str] = []
    with browsing(browser) as context:
        context.add_init_script(FAKE_MIDI)
        page = context.new_page()
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url)
        loaded(page)
        yield page
    # Chromium itself logs each refused upload; the page shows the reason.
    assert [error for error in errors if "status of 422" not in error] == []


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core's script: of npm, for tests only."""
    named = os.environ.get("STYLETUNE_AXE")
    if named:
        return Path(named).read_text()
    npm = shutil.which("npm")
    if npm is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run axe"
        pytest.skip("no npm here, and STYLETUNE_AXE names no axe.min.js")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-save", "--prefix", str(folder), "axe-core@4"]
    subprocess.run(command, check=True, timeout=2 * TIMEOUT_S)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def drawn(page: Page) -> dict[str, int]:
    """Epoch and revision of the picture that the page shows."""
    return page.evaluate(
        """() => { const { epoch, rev } = document.querySelector("#picture").dataset;
                   return { epoch: Number(epoch ?? 0), rev: Number(rev ?? -1) }; }"""
    )
