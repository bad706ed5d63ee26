"""/stage, the projector's page: real server, real worker, real browser."""

import io
import itertools
import json
import random
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.browser.conftest import browsing
from tests.browser.live_server import LiveServer, run_module, wait_until

pytestmark = pytest.mark.browser

MEAN = """() => { const c = document.querySelector("#picture");
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i] + d[i + 1] + d[i + 2];
  return sum / (d.length / 4) / 3; }"""


@contextmanager
def stage(browser: Browser, url: str) -> Iterator[Page]:
    errors: list[str] = []
    with browsing(browser, 960, 540) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.goto(url.partition("?")[0] + "stage")
        yield page
    assert errors == []


def epoch(page: Page) -> int:
    return int(page.evaluate("document.querySelector('#picture').dataset.epoch ?? 0"))


@pytest.mark.long
def test_the_last_picture_stays_while_the_server_restarts(browser: Browser) -> None:
    stand_in = ("benchmarks.common.stand_in", "--size", "128", "--port")
    with ExitStack() as stack:
        with run_module(*stand_in, "0") as url:
            page = stack.enter_context(stage(browser, url))
            wait_until("a picture on the wall", lambda: epoch(page) > 0)
        expect(page.locator("#state")).to_contain_text("connection lost")
        page.wait_for_timeout(500)  # the last picture has been blended in
        last, mean = epoch(page), page.evaluate(MEAN)
        assert mean > 10
        page.wait_for_timeout(1000)
        assert (epoch(page), page.evaluate(MEAN)) == (last, mean)
        with run_module(*stand_in, str(urlsplit(url).port)):
            wait_until("pictures of the new server", lambda: epoch(page) != last)
            wait_until("and more of them", lambda: epoch(page) > 2)


AWAKE = """
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
window.locks = [];
navigator.wakeLock.request = async (kind) => {
  const lock = await request(kind);
  locks.push(lock);
  return lock;
};
"""


def test_the_screen_is_kept_awake_and_again_after_the_page_was_hidden(
    browser: Browser, server: LiveServer
) -> None:
    """Chromium's own lock; each request for it is recorded."""
    held = "() => locks.filter(({ type, released }) => type === 'screen' && !released).length"
    with stage(browser, server.url) as page:
        page.add_init_script(AWAKE)
        page.reload()
        wait_until("a lock", lambda: page.evaluate(held) == 1)
        page.evaluate("async () => { for (const lock of locks) await lock.release(); }")
        assert page.evaluate(held) == 0  # as when the page is hidden
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        wait_until("another lock", lambda: page.evaluate(held) == 1)


def test_only_the_picture_is_seen(browser: Browser, server: LiveServer) -> None:
    with stage(browser, server.url) as page:
        wait_until("a picture on the wall", lambda: epoch(page) > 0)
        expect(page.locator("body.still.lit")).to_be_visible()

        def stirred() -> bool:
            page.mouse.move(400 + random.randint(0, 99), 300)
            return page.locator("body:not(.still)").is_visible()

        wait_until("hints", stirred)
        expect(page.locator("body.still")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
        expect(page.locator("#hints")).to_have_css("opacity", "0")
        assert page.evaluate("document.documentElement.scrollHeight") == 540
        page.keyboard.press("v")
        expect(page.locator("#fill")).to_have_attribute("aria-pressed", "true")


def message(number: int, picture: np.ndarray, *, rev: int = 0) -> bytes:
    height, width = picture.shape[:2]
    head = {
        "epoch": number,
        "step": number,
        "rev": rev,
        "width": width,
        "height": height,
        "time": 0,
    }
    text = json.dumps(head).encode()
    jpeg = io.BytesIO()
    Image.fromarray(picture).save(jpeg, "JPEG")
    return struct.pack("<I", len(text)) + text + jpeg.getvalue()


def open_without_painter(
    context: BrowserContext, server: LiveServer
) -> tuple[Page, list[WebSocketRoute]]:
    """The stage, and its sockets for frames, newest last, which the test sends to."""
    page = context.new_page()
    page.goto(server.url)
    ends: list[WebSocketRoute] = []
    page.route_web_socket("**/frames", lambda end: ends.append(end))
    page.goto(server.base + "/stage")
    wait_until("the socket", lambda: page.wait_for_timeout(50) or ends)
    return page, ends


def test_the_wall_goes_black_and_holds_its_picture(browser: Browser, server: LiveServer) -> None:
    """Switches of the real server over frames that no painter sends."""
    with browsing(browser, 960, 540) as context:
        page, ends = open_without_painter(context, server)
        numbers = itertools.count(1)

        def show(level: int) -> None:
            ends[-1].send(message(next(numbers), np.full((64, 96, 3), level, np.uint8)))

        def switch(**controls: bool) -> None:
            server.send({"type": "set", "controls": controls})

        def is_at(level: int) -> bool:
            return abs(page.evaluate(MEAN) - level) < 5

        show(200)
        wait_until("the picture", lambda: is_at(200))
        players = server.state()["players"]
        switch(blackout=True)
        wait_until("black", lambda: is_at(0))
        show(150)
        page.wait_for_timeout(200)
        assert is_at(0)
        switch(blackout=False)
        wait_until("the newest picture", lambda: is_at(150))
        switch(hold=True)
        page.wait_for_timeout(300)
        show(30)
        page.wait_for_timeout(200)
        assert is_at(150)
        page.evaluate(
            """() => { window.levels = []; const mean = MEAN;
            new MutationObserver(() => window.levels.push(mean())).observe(
              document.querySelector("#picture"), { attributeFilter: ["data-part"] }); }""".replace(
                "MEAN", MEAN
            )
        )
        switch(hold=False)
        wait_until("it dissolves to the newest", lambda: is_at(30))
        levels = page.evaluate("window.levels")
        assert levels == sorted(levels, reverse=True)
        assert any(60 < level < 120 for level in levels)
        switch(blackout=True)
        page.reload()
        expect(page.locator("body.known.black")).to_be_attached()
        show(200)
        page.wait_for_timeout(200)
        assert is_at(0)  # a page that is loaded shows nothing before it knows
        assert server.state()["players"] == players
        switch(blackout=False)
        wait_until("the picture", lambda: is_at(200))


def test_a_strobe_is_limited_and_the_limiter_can_be_turned_off(
    browser: Browser, server: LiveServer
) -> None:
    """Frames that no painter sends, ten flashes a second, through the page's own code."""
    with browsing(browser, 960, 540) as context:
        page, ends = open_without_painter(context, server)
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
            most = (int(((times > at - 900) & (times <= at)).sum()) for at in times)
            return max(most, default=0)

        assert wait_until("it changes", strobe) <= 6
        page.keyboard.press("l")
        expect(page.locator("#limit")).to_have_attribute("aria-pressed", "false")
        wait_until("it flashes", lambda: strobe() > 6)
