"""One running instrument and one real browser for the end-to-end tests."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.instrument.playing import PATIENCE_S, Instrument, chromium, playing, until

expect.set_options(timeout=1000 * PATIENCE_S)

# What the last of the page's modules make, each of which loads by itself.
PANELS = ", ".join(
    f"document.querySelector({selector!r})"
    for selector in (
        "#content-file", "#stage-tools button", "#losses-body tr:nth-child(8)", "#hint",
        "#history-panel canvas", "#scenes-panel .scene.new", "#midi-panel h2",
    )
)  # fmt: skip
# A nanoKONTROL2 that a test can play: the page finds it where it finds real ones.
FAKE_MIDI = """
const input = Object.assign(new EventTarget(), {
  id: "1", name: "nanoKONTROL2", state: "connected", connection: "open", type: "input",
  onmidimessage: null,
});
window.turn = (data) => input.onmidimessage?.({ data: new Uint8Array(data) });
navigator.requestMIDIAccess = async (options) => {
  if (options?.sysex) throw new DOMException("SysEx was asked for", "SecurityError");
  return Object.assign(new EventTarget(), {
    inputs: new Map([["1", input]]), outputs: new Map(), onstatechange: null,
  });
};
"""


@pytest.fixture(scope="module")
def instrument() -> Iterator[Instrument]:
    """A server painting the samples with `lite` at a small size."""
    with playing("--size", "128", "--no-spare") as running:
        running.epoch()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    path = chromium()
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
    """A window of its own, patient in all that it does."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(1000 * PATIENCE_S)
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
    until("a picture on the page", lambda: drawn(page)["epoch"] > 0)
    until("all panels", lambda: page.evaluate(f"[{PANELS}].every(Boolean)"))


@pytest.fixture
def page(browser: Browser, instrument: Instrument) -> Iterator[Page]:
    """The page, painting, with a fake controller plugged in; it must not log an error."""
    complaints: list[str] = []
    with browsing(browser) as context:
        context.add_init_script(FAKE_MIDI)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(instrument.url)
        loaded(page)
        yield page
    # Chromium itself logs each refused upload; the page says why in words.
    assert [c for c in complaints if "status of 422" not in c] == []


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
    subprocess.run(command, check=True, timeout=2 * PATIENCE_S)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def drawn(page: Page) -> dict[str, int]:
    """Epoch and revision of the picture that the page shows."""
    return page.evaluate(
        """() => { const { epoch, rev } = document.querySelector("#picture").dataset;
                   return { epoch: Number(epoch ?? 0), rev: Number(rev ?? -1) }; }"""
    )
