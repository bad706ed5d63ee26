"""The page in a real Firefox: painted, dragged, played by keys, at desk and phone size."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instrument.conftest import PANELS
from tests.instrument.firefox import Page, browsing, firefox
from tests.instrument.playing import Instrument, until

pytestmark = pytest.mark.browser

ARROW_UP = "\ue013"
FADER = 'input[data-control="content.block3_conv2"]'


@pytest.fixture(scope="module")
def page(instrument: Instrument) -> Iterator[Page]:
    """The page at desk size, painting."""
    path = firefox()
    if path is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run Firefox"
        pytest.skip("no Firefox here: apt-get install firefox-esr, or set STYLETUNE_FIREFOX")
    with browsing(path) as page:
        page.size(1440, 900)
        page.goto(instrument.url)
        until("a picture on the page", lambda: drawn(page)["epoch"] > 0)
        until("all panels", lambda: page.evaluate(f"[{PANELS}].every(Boolean)"))
        yield page


def drawn(page: Page) -> dict[str, int]:
    """Epoch and revision of the picture that the page shows."""
    data = page.evaluate("document.querySelector('#picture').dataset")
    return {"epoch": int(data.get("epoch", 0)), "rev": int(data.get("rev", -1))}


def value(instrument: Instrument, control: str) -> float:
    return float(instrument.state()["controls"][control])


def test_the_picture_goes_on_and_the_page_says_so(page: Page, instrument: Instrument) -> None:
    first = drawn(page)["epoch"]
    until("a newer picture", lambda: drawn(page)["epoch"] > first)
    spread = """(() => { const c = document.querySelector("#picture");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        const reds = d.filter((_, at) => at % 4 === 0);
        return Math.max(...reds) - Math.min(...reds); })()"""
    assert page.evaluate(spread) > 50
    state = "document.querySelector('#state').textContent"
    until("painting", lambda: page.evaluate(state) == "painting")
    until("the chart", lambda: page.evaluate("document.querySelectorAll('canvas').length > 1"))


def test_a_dragged_fader_is_in_the_picture(page: Page, instrument: Instrument) -> None:
    before = value(instrument, "content.block3_conv2")
    x, y = page.centre(f".fader:has({FADER}) .cap")
    page.drag((x, y), (x, y - 30))

    def alike() -> bool:
        shown = float(page.evaluate(f"document.querySelector('{FADER}').value"))
        heard = value(instrument, "content.block3_conv2")
        return bool(heard > before + 0.1 and heard == pytest.approx(shown, abs=0.002))

    until("the server heard all of it", alike)
    wanted = instrument.state()["rev"]
    until("a frame that contains it", lambda: drawn(page)["rev"] >= wanted)


def test_keys_play(page: Page, instrument: Instrument) -> None:
    page.evaluate(f"document.querySelector('{FADER}').focus()")
    before = value(instrument, "content.block3_conv2")
    page.press(ARROW_UP)
    until(
        "an arrow",
        lambda: value(instrument, "content.block3_conv2") == pytest.approx(before + 0.01, abs=2e-3),
    )
    page.press("m")
    until("mute", lambda: value(instrument, "content.block3_conv2.mute"))
    page.click('button[data-control="content.block3_conv2.mute"]')
    until("heard again", lambda: not value(instrument, "content.block3_conv2.mute"))


def test_midi_says_in_a_sentence_what_holds(page: Page) -> None:
    page.click("#midi")
    told = until(
        "a sentence",
        lambda: page.evaluate("document.querySelector('#midi-panel').textContent"),
    )
    assert "MIDI" in told or "controller" in told


def test_a_phone_shows_it_without_sideways_scrolling(page: Page, tmp_path: Path) -> None:
    page.size(390, 844)
    wide = "document.documentElement.scrollWidth <= innerWidth"
    until("no sideways scrolling", lambda: page.evaluate(wide))
    page.screenshot(Path(os.environ.get("STYLETUNE_SHOTS", tmp_path)) / "firefox-390.png")
    page.size(1440, 900)
    page.screenshot(Path(os.environ.get("STYLETUNE_SHOTS", tmp_path)) / "firefox-1440.png")


def test_nothing_was_complained_about(page: Page) -> None:
    assert page.complaints == []
