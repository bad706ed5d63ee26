"""End to end: real server, real worker on `lite`, real browser."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from styletune.images import samples
from tests.browser.conftest import browsing, drawn, opened
from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser

KNOB = 'input[data-control="style.block2_conv1@2"]'
FADER = 'input[data-control="content.block3_conv1"]'


def pixels(page: Page) -> np.ndarray:
    """The picture as the canvas shows it, (h, w, 4)."""
    width, height, data = page.evaluate(
        """() => { const c = document.querySelector("#picture");
                   const d = c.getContext("2d").getImageData(0, 0, c.width, c.height);
                   return [c.width, c.height, Array.from(d.data)]; }"""
    )
    return np.array(data, np.uint8).reshape(height, width, 4)


def share(page: Page, control: str) -> float:
    """How long the share bar of a term is."""
    text = page.evaluate(
        """(name) => document.querySelector(`[data-share="${name}"]`)
                     .style.getPropertyValue("--share")""",
        control,
    )
    return float(text)


def value(server: LiveServer, control: str) -> float:
    return server.state()["controls"][control]


def test_the_page_shows_a_picture_being_painted(page: Page, server: LiveServer) -> None:
    first = drawn(page)["epoch"]
    wait_until("a newer picture", lambda: drawn(page)["epoch"] > first)
    assert pixels(page).shape == (96, 128, 4)
    assert pixels(page)[..., :3].std() > 10
    expect(page.locator("#state")).to_have_text("painting")
    expect(page.locator("#device")).to_have_text(server.state()["state"]["device"])
    assert "lite" in page.locator("#network").inner_text()
    assert page.locator("[data-control^='content.block'][type=range]").count() == 8
    assert page.locator("[data-control^='style.block'][type=range]").count() == 8


def test_a_dragged_slider_is_in_the_picture_and_the_table(page: Page, server: LiveServer) -> None:
    control = "content.block3_conv1"
    before, rev, bar = pixels(page), drawn(page)["rev"], share(page, control)
    box = page.locator(FADER).bounding_box()
    assert box
    x = box["x"] + box["width"] / 2
    ratio = 1 - value(server, control)
    page.mouse.move(x, box["y"] + box["height"] * min(max(ratio, 0.08), 0.92))
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x, box["y"] + box["height"] * (0.8 - 0.08 * step))
    page.mouse.up()
    position = wait_until("the server has it", lambda: value(server, control) > 0.6)
    assert position
    wanted = server.state()["rev"]
    assert wanted > rev
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= wanted)
    wait_until("the bar moves", lambda: abs(share(page, control) - bar) > 0.02)
    wait_until("another picture", lambda: np.abs(pixels(page).astype(int) - before).mean() > 1)


def test_a_turned_midi_knob_does_the_same(page: Page, server: LiveServer) -> None:
    page.locator("#midi").click()
    expect(page.locator("#midi-panel")).to_contain_text("nanoKONTROL2 plays")
    before, bar = server.state()["rev"], share(page, "style.block1_conv1")
    # Sixteenth CC, channel 1: the first knob of a nanoKONTROL2.
    start = round(127 * value(server, "style.block1_conv1"))
    for position in (start, 70, 90, 110, 120):  # where it stands it is picked up
        page.evaluate("(v) => window.turn([0xB0, 16, v])", position)
    wait_until(
        "the server has it",
        lambda: abs(value(server, "style.block1_conv1") - 120 / 127) < 1e-6,
    )
    wanted = server.state()["rev"]
    assert wanted > before
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= wanted)
    wait_until("the bar moves", lambda: abs(share(page, "style.block1_conv1") - bar) > 0.02)
    handle = page.locator('input[data-control="style.block1_conv1"]')
    wait_until("the handle", lambda: abs(float(handle.input_value()) - 120 / 127) < 0.01)
    # Sliders weigh content; another channel is another control.
    page.evaluate("() => [0, 127].forEach((v) => window.turn([0xB0, 0, v]))")
    wait_until("the slider", lambda: value(server, "content.block1_conv1") == 1.0)
    page.evaluate("() => window.turn([0xB0, 0, 0])")
    wait_until("the slider", lambda: value(server, "content.block1_conv1") == 0.0)
    page.evaluate("() => window.turn([0xB3, 0, 127])")
    page.evaluate("() => [0, 127].forEach((v) => window.turn([0xB0, 1, v]))")
    wait_until("the next one", lambda: value(server, "content.block2_conv1") == 1.0)
    assert value(server, "content.block1_conv1") == 0.0
    page.evaluate("() => window.turn([0xB0, 1, 0])")
    wait_until("back", lambda: value(server, "content.block2_conv1") == 0.0)


def test_the_keyboard_is_enough(page: Page, server: LiveServer) -> None:
    control = "style.block2_conv1@2"
    page.locator(KNOB).focus()
    page.keyboard.press("Home")
    wait_until("its opposite", lambda: value(server, control) == 0.0)
    expect(page.locator(KNOB)).to_have_attribute("aria-valuetext", "times −1.3")
    page.keyboard.press("End")
    wait_until("full", lambda: value(server, control) == 1.0)
    page.keyboard.press("ArrowDown")
    wait_until("one step down", lambda: 0.9 < value(server, control) < 1.0)
    page.keyboard.press("Delete")
    wait_until("the default", lambda: value(server, control) == 0.5)


def test_pause_stops_the_picture_and_reset_starts_it_again(page: Page, server: LiveServer) -> None:
    page.locator("#pause").click()
    wait_until("paused", lambda: server.state()["state"]["state"] == "paused")
    expect(page.locator("#state")).to_have_text("paused")
    step = server.epoch()["step"]
    page.wait_for_timeout(500)
    assert server.epoch()["step"] == step
    # Reset while paused: the picture is the content picture again, and nothing paints over it.
    with Image.open(samples.path("harbour")) as sample:
        content = np.asarray(sample.convert("RGB").resize((128, 96), Image.Resampling.LANCZOS))

    def distance() -> float:
        return float(np.abs(pixels(page)[..., :3].astype(int) - content).mean())

    far = distance()
    page.locator("#reset").click()
    wait_until("the first picture", lambda: distance() < min(8, far / 2))
    page.locator("#pause").click()
    wait_until("painting on", lambda: server.epoch()["step"] > step)
    wait_until("away from it", lambda: distance() > 10)


def test_the_average_is_switched_from_the_page(page: Page, server: LiveServer) -> None:
    button = page.locator("#average")
    button.click()
    wait_until("the server has it", lambda: value(server, "average") is True)
    expect(button).to_have_attribute("aria-pressed", "true")
    rev = server.state()["rev"]
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= rev)
    page.locator("body").press("a")
    wait_until("off again", lambda: value(server, "average") is False)


def test_a_picture_of_ones_own_is_painted(page: Page, server: LiveServer, tmp_path: Path) -> None:
    # Another aspect ratio: the worker builds another model, and frames keep coming after.
    Image.linear_gradient("L").convert("RGB").resize((160, 240)).save(tmp_path / "mine.png")
    page.locator("#content-file").set_input_files(tmp_path / "mine.png")
    wait_until("the new canvas", lambda: server.epoch()["height"] == 128)
    wait_until(
        "it is drawn", lambda: page.evaluate("document.querySelector('#picture').height") == 128
    )
    assert server.state()["pictures"]["content"]["name"].startswith("mine")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    page.locator("#style-file-1").set_input_files(tmp_path / "broken.jpg")
    expect(page.get_by_text("damaged or cut short")).to_be_visible()
    before = drawn(page)["epoch"]
    wait_until("painting goes on", lambda: drawn(page)["epoch"] > before)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_it_fits_the_screen(
    browser: Browser, server: LiveServer, width: int, height: int, tmp_path: Path
) -> None:
    with browsing(browser, width, height, has_touch=width < 500) as context:
        page = opened(context, server.url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for selector in ("#picture", "#state", 'input[data-control="style.block1_conv1"]'):
            assert page.locator(selector).is_visible(), selector
        folder = Path(os.environ.get("STYLETUNE_SCREENSHOTS", tmp_path))
        page.screenshot(path=folder / f"page-{width}.png")
        assert (folder / f"page-{width}.png").stat().st_size > 20_000
