"""The page in a real Firefox: painted, dragged, played by keys, at desk and phone size."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import PANELS
from tests.browser.live_server import LiveServer, wait_until
from tests.browser.webdriver_bidi import Page, browsing, firefox_path

pytestmark = [pytest.mark.browser, pytest.mark.long]

ARROW_UP = "\ue013"
FADER = 'input[data-control="content.block3_conv1"]'


@pytest.fixture(scope="module")
def page(server: LiveServer) -> Iterator[Page]:
    """The page at desk size, painting."""
    path = firefox_path()
    if path is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run Firefox"
        pytest.skip("no Firefox here: apt-get install firefox-esr, or set STYLETUNE_FIREFOX")
    with browsing(path) as page:
        page.size(1440, 900)
        page.goto(server.url)
        wait_until("a picture on the page", lambda: drawn(page)["epoch"] > 0)
        wait_until("all panels", lambda: page.evaluate(f"[{PANELS}].every(Boolean)"))
        yield page


def drawn(page: Page) -> dict[str, int]:
    """Epoch and revision of the picture that the page shows."""
    data = page.evaluate("document.querySelector('#picture').dataset")
    return {"epoch": int(data.get("epoch", 0)), "rev": int(data.get("rev", -1))}


def value(server: LiveServer, control: str) -> float:
    return float(server.state()["controls"][control])


def test_the_picture_goes_on_and_the_state_is_shown(page: Page, server: LiveServer) -> None:
    first = drawn(page)["epoch"]
    wait_until("a newer picture", lambda: drawn(page)["epoch"] > first)
    spread = """(() => { const c = document.querySelector("#picture");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        const reds = d.filter((_, at) => at % 4 === 0);
        return Math.max(...reds) - Math.min(...reds); })()"""
    assert page.evaluate(spread) > 50
    state = "document.querySelector('#state').textContent"
    wait_until("painting", lambda: page.evaluate(state) == "painting")
    wait_until("the chart", lambda: page.evaluate("document.querySelectorAll('canvas').length > 1"))


def test_a_dragged_fader_is_in_the_picture(page: Page, server: LiveServer) -> None:
    before = value(server, "content.block3_conv1")
    x, y = page.centre(f".fader:has({FADER}) .cap")
    page.drag((x, y), (x, y - 30))

    def agrees() -> bool:
        shown = float(page.evaluate(f"document.querySelector('{FADER}').value"))
        current = value(server, "content.block3_conv1")
        return bool(current > before + 0.1 and current == pytest.approx(shown, abs=0.002))

    wait_until("the server has all of it", agrees)
    wanted = server.state()["rev"]
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= wanted)


def test_keys_play(page: Page, server: LiveServer) -> None:
    page.evaluate(f"document.querySelector('{FADER}').focus()")
    before = value(server, "content.block3_conv1")
    page.press(ARROW_UP)
    wait_until(
        "an arrow",
        lambda: value(server, "content.block3_conv1") == pytest.approx(before + 0.01, abs=2e-3),
    )
    page.press("m")
    wait_until("mute", lambda: value(server, "content.block3_conv1.mute"))
    page.click('button[data-control="content.block3_conv1.mute"]')
    wait_until("unmuted", lambda: not value(server, "content.block3_conv1.mute"))


def test_midi_explains_its_state(page: Page) -> None:
    page.click("#midi")
    text = wait_until(
        "a sentence",
        lambda: page.evaluate("document.querySelector('#midi-panel').textContent"),
    )
    assert "MIDI" in text or "controller" in text


def test_a_phone_shows_it_without_sideways_scrolling(page: Page, tmp_path: Path) -> None:
    page.size(390, 844)
    wide = "document.documentElement.scrollWidth <= innerWidth"
    wait_until("no sideways scrolling", lambda: page.evaluate(wide))
    page.screenshot(Path(os.environ.get("STYLETUNE_SHOTS", tmp_path)) / "firefox-390.png")
    page.size(1440, 900)
    page.screenshot(Path(os.environ.get("STYLETUNE_SHOTS", tmp_path)) / "firefox-1440.png")


def test_the_console_has_no_errors(page: Page) -> None:
    assert page.errors == []
