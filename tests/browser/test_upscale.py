"""The picture larger than it is painted, sharper than a browser shows it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.conftest import browsing
from tests.browser.live_server import LiveServer, wait_until
from tests.browser.test_stage_page import message

pytestmark = pytest.mark.browser

# Chromium's own renderer, as if there were a graphics card.
GRAPHICS_CARD = """
const { getParameter } = WebGL2RenderingContext.prototype;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === this.RENDERER ? "a graphics card" : getParameter.call(this, name);
};
"""
NO_WEBGL = """
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  return kind === "webgl2" ? null : getContext.call(this, kind, options);
};
"""
# Grey levels 64 and 192, so that what overshoots would be seen; 24 px to 480: twenty times.
EDGES = np.where(np.indices((24, 24)).sum(0)[..., None] % 2, 64, 192).repeat(3, -1).astype(np.uint8)


@contextmanager
def wall(
    browser: Browser, server: LiveServer, script: str
) -> Iterator[tuple[Page, WebSocketRoute]]:
    """The stage, square, with frames that no painter sends."""
    errors: list[str] = []
    with browsing(browser, 480, 480) as context:
        context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url)
        ends: list[WebSocketRoute] = []
        page.route_web_socket("**/frames", lambda end: ends.append(end))
        page.goto(server.base + "/stage")
        wait_until("the socket", lambda: page.wait_for_timeout(50) or ends)
        wait_until(
            "its upscaler", lambda: page.evaluate("Boolean(document.querySelector('#sharp'))")
        )
        yield page, ends[-1]
    assert errors == []


def seen(page: Page) -> npt.NDArray[np.float64]:
    """A square of the wall, (240, 240), grey, above the buttons, which may lie in two rows."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        return np.asarray(image.convert("L"), np.float64)[40:280, 120:360]


def show(page: Page, end: WebSocketRoute, picture: npt.NDArray[np.uint8]) -> None:
    end.send(message(1, picture))
    expect(page.locator("#picture")).to_have_attribute("data-epoch", "1")
    expect(page.locator("#picture")).to_have_attribute("data-part", "1")
    expect(page.locator("#content-picture")).to_have_count(0)


def levels(page: Page) -> npt.NDArray[np.float64]:
    """The red of the canvas' own pixels."""
    data = page.evaluate(
        """() => { const { width, height } = document.querySelector("#picture");
                   const context = document.querySelector("#picture").getContext("2d");
                   return Array.from(context.getImageData(0, 0, width, height).data); }"""
    )
    return np.array(data[::4], np.float64)


def contrast(pixels: npt.NDArray[np.float64]) -> float:
    """Mean distance from the middle grey: of a checkerboard, how sharp its edges are."""
    return float(np.abs(pixels - 128).mean())


def test_edges_are_sharper_than_a_browser_shows_them(browser: Browser, server: LiveServer) -> None:
    found = {}
    for name, script in (("plain", NO_WEBGL), ("sharp", GRAPHICS_CARD)):
        with wall(browser, server, script) as (page, end):
            show(page, end, EDGES)
            expect(page.locator("#sharp")).to_be_visible(visible=name == "sharp")
            found[name], painted = seen(page), levels(page)
    plain, sharp = found["plain"], found["sharp"]
    assert contrast(plain) > 10, "without WebGL the plain canvas is seen"
    assert contrast(sharp) > 1.15 * contrast(plain)
    # The same picture in the same place, and no rings.
    assert np.corrcoef(plain.ravel(), sharp.ravel())[0, 1] > 0.97
    assert abs(sharp.mean() - plain.mean()) < 1.5
    assert painted.min() - 2 <= sharp.min()
    assert sharp.max() <= painted.max() + 2


def test_a_lost_context_leaves_the_plain_canvas(browser: Browser, server: LiveServer) -> None:
    with wall(browser, server, GRAPHICS_CARD) as (page, end):
        show(page, end, EDGES)
        sharp = page.locator("#sharp")
        expect(sharp).to_be_visible()
        page.evaluate(
            """() => { const gl = document.querySelector("#sharp").getContext("webgl2");
                       window.lost = gl.getExtension("WEBGL_lose_context"); lost.loseContext(); }"""
        )
        expect(sharp).to_be_hidden()
        assert contrast(seen(page)) > 10
        page.evaluate("lost.restoreContext()")
        expect(sharp).to_be_visible()
        assert contrast(seen(page)) > 10


def test_the_stage_dissolves_but_not_under_a_hand(browser: Browser, server: LiveServer) -> None:
    with wall(browser, server, NO_WEBGL) as (page, end):
        page.evaluate(
            """() => { const picture = document.querySelector("#picture"); window.parts = [];
            new MutationObserver(() => parts.push(Number(picture.dataset.part)))
              .observe(picture, { attributeFilter: ["data-part"] }); }"""
        )
        grey = np.full((24, 24, 3), 100, np.uint8)
        show(page, end, grey)
        page.wait_for_timeout(300)
        page.evaluate("parts.length = 0")
        end.send(message(2, grey + np.uint8(5)))
        expect(page.locator("#picture")).to_have_attribute("data-part", "1")
        wait_until("several parts", lambda: len(page.evaluate("parts")) > 2)
        page.wait_for_timeout(300)
        page.evaluate("parts.length = 0")
        end.send(message(3, grey, rev=1))
        expect(page.locator("#picture")).to_have_attribute("data-epoch", "3")
        page.wait_for_timeout(100)
        assert all(part == 1 for part in page.evaluate("parts"))
