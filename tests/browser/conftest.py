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

VIEW_TOKEN = "viewers-token-of-the-tests-0123456789abcdefgh"
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

# No panel open, nothing in focus; the next Tab leads to the first element.
AT_REST = """() => {
  for (const panel of document.querySelectorAll(":popover-open")) panel.hidePopover();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo(0, 0);
}"""


@pytest.fixture(scope="package")
def started() -> Iterator[tuple[LiveServer, Any]]:
    """A server painting the samples with `lite` at a small size, and its state at the start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLETUNE_VIEW_TOKEN", VIEW_TOKEN)
        with serve("--size", "128") as running:
            running.epoch()
            yield running, running.state()


@pytest.fixture(scope="module")
def server(started: tuple[LiveServer, Any]) -> Iterator[LiveServer]:
    """The server, as at its start; between modules it is paused."""
    running, first = started
    running.start_over(first)
    yield running
    running.send({"type": "set", "controls": {"paused": True}})


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, headless. While it runs no test can be async, for Playwright's loop runs, too."""
    path = chromium_path()
    if path is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run the browser tests"
        pytest.skip("no Chromium here: apt-get install chromium, or set STYLETUNE_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"],
        )
        yield browser
        browser.close()


@contextmanager
def browsing(
    browser: Browser, width: int = 1440, height: int = 900, **options: Any
) -> Iterator[BrowserContext]:
    """A window of its own, with our timeout."""
    if options.get("has_touch"):  # the first touch would only bring back controls that have faded
        options.setdefault("reduced_motion", "reduce")
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


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A window with a fake controller plugged in, and the errors of its pages."""
    errors: list[str] = []
    with browsing(browser) as context:
        context.add_init_script(FAKE_MIDI)
        context.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context, errors


@pytest.fixture
def page(
    window: tuple[BrowserContext, list[str]], server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The page, painting, with a fake controller plugged in; it must not log an error.

    Opening it costs more than most tests: a module's share one until one of them fails.
    """
    context, errors = window
    if context.pages:
        page = context.pages[0]
        page.evaluate(AT_REST)
        page.keyboard.press("Escape")
        page.mouse.move(2, 2)
    else:
        page = opened(context, server.url)
    failed = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed:
        page.close()
    # Chromium itself logs each refused upload; the page shows the reason.
    logged = [error for error in errors if "status of 422" not in error]
    errors.clear()
    assert logged == []


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
