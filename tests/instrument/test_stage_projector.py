"""/stage, the projector's page: real server, real worker, real browser."""

import io
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.instrument.playing import Instrument, playing, until

pytestmark = pytest.mark.browser

MEAN = """() => { const c = document.querySelector("#picture");
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i] + d[i + 1] + d[i + 2];
  return sum / (d.length / 4) / 3; }"""


@contextmanager
def stage(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 960, "height": 540})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(url)
    page.goto(url.partition("?")[0] + "stage")
    yield page
    context.close()
    assert faults == []


def epoch(page: Page) -> int:
    return int(page.evaluate("document.querySelector('#picture').dataset.epoch ?? 0"))


def test_the_last_picture_stays_while_the_server_restarts(browser: Browser) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    arguments = ("--size", "64", "--port", port)
    with playing(*arguments) as first:
        first.epoch()
        shown = stage(browser, first.url)
        page = shown.__enter__()
        until("a picture on the wall", lambda: epoch(page) > 0)
    last, mean = epoch(page), page.evaluate(MEAN)
    assert mean > 10
    expect(page.locator("#state")).to_contain_text("connection lost")
    assert (epoch(page), page.evaluate(MEAN)) == (last, mean)
    with playing(*arguments):
        until("pictures of the new server", lambda: epoch(page) != last)
        until("and more of them", lambda: epoch(page) > 2)
    shown.__exit__(None, None, None)


def test_only_the_picture_is_seen(browser: Browser, instrument: Instrument) -> None:
    with stage(browser, instrument.url) as page:
        until("a picture on the wall", lambda: epoch(page) > 0)
        expect(page.locator("body.still.lit")).to_be_visible()
        page.mouse.move(400, 300)
        expect(page.locator("body:not(.still)")).to_be_visible()
        expect(page.locator("body.still")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
        expect(page.locator("#hints")).to_have_css("opacity", "0")
        assert page.evaluate("document.documentElement.scrollHeight") == 540
        page.keyboard.press("v")
        expect(page.locator("#fill")).to_have_attribute("aria-pressed", "true")


def message(number: int, picture: np.ndarray) -> bytes:
    height, width = picture.shape[:2]
    head = {"epoch": number, "step": number, "rev": 0, "width": width, "height": height, "time": 0}
    text = json.dumps(head).encode()
    jpeg = io.BytesIO()
    Image.fromarray(picture).save(jpeg, "JPEG")
    return struct.pack("<I", len(text)) + text + jpeg.getvalue()


def test_a_strobe_is_limited_and_the_limiter_can_be_turned_off(
    browser: Browser, instrument: Instrument
) -> None:
    """Frames that no painter sends, ten flashes a second, through the page's own code."""
    context = browser.new_context(viewport={"width": 960, "height": 540})
    page = context.new_page()
    page.goto(instrument.url)
    ends: list[WebSocketRoute] = []
    page.route_web_socket("**/frames", lambda end: ends.append(end))
    page.goto(instrument.base + "/stage")
    until("the socket", lambda: page.wait_for_timeout(50) or ends)
    page.evaluate(
        """() => { const mean = MEAN; window.swings = []; let turn = null, way = 0;
        const look = () => {
          const value = mean(); turn ??= value;
          const next = Math.sign(value - turn);
          if (next && next === way) turn = value;
          else if (Math.abs(value - turn) > 160) {
            window.swings.push(performance.now()); way = next; turn = value; }
        };
        new MutationObserver(look).observe(document.querySelector("#picture"),
          { attributes: true, attributeFilter: ["data-part"] }); }""".replace("MEAN", MEAN)
    )
    dark, light = (np.full((64, 96, 3), level, np.uint8) for level in (0, 255))

    def strobe() -> int:
        """The most swings from dark to light or back within a second.

        Less a tenth, for a busy machine draws some pictures later than others.
        """
        page.evaluate("window.swings.length = 0")
        for number in range(60):
            ends[-1].send(message(number, light if number % 2 else dark))
            page.wait_for_timeout(20)
        times = np.array(page.evaluate("window.swings"))
        return max(int(((times > at - 900) & (times <= at)).sum()) for at in times)

    assert 0 < strobe() <= 6
    page.keyboard.press("l")
    expect(page.locator("#limit")).to_have_attribute("aria-pressed", "false")
    assert strobe() > 6
    context.close()
