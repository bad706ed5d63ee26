"""The content picture stands in the painting's place until the first step is painted."""

import numpy as np
import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.browser.conftest import browsing
from tests.browser.live_server import LiveServer, wait_until
from tests.browser.test_stage_page import message

pytestmark = pytest.mark.browser

# What has moved on the page without a hand, by itself.
SHIFTED = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(
    list.getEntries().flatMap((entry) => entry.sources.map((source) => source.node?.id))
  )).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve([]), 500);
})"""


@pytest.mark.parametrize("path", ["/", "/stage"])
def test_the_content_picture_stands_until_the_first_step(
    browser: Browser, server: LiveServer, path: str
) -> None:
    with browsing(browser) as context:
        page = context.new_page()
        page.goto(server.url)
        ends: list[WebSocketRoute] = []
        page.route_web_socket("**/frames", lambda end: ends.append(end))
        page.goto(server.base + path)
        content, picture = page.locator("#content-picture"), page.locator("#picture")
        expect(content).to_be_visible()
        assert content.evaluate("image => image.naturalWidth") > 500
        expect(page.locator("#stage-tools output")).not_to_be_visible()
        place = content.bounding_box()
        wait_until("the socket", lambda: page.wait_for_timeout(50) or ends)
        start = np.full((74, 98, 3), 90, np.uint8)  # 73.5, rounded
        ends[-1].send(message(0, start))
        expect(picture).to_have_attribute("data-epoch", "0")
        expect(content).to_be_visible()
        page.wait_for_timeout(1000)  # shorter, and it would be gone at once
        ends[-1].send(message(1, start))
        expect(content).to_have_class("melting")
        assert picture.bounding_box() == pytest.approx(place, abs=0.5)
        assert "content-picture" not in page.evaluate(SHIFTED)
        expect(content).to_have_count(0)
        if path == "/":
            expect(page.locator("#overlay")).to_be_hidden()
            expect(page.locator("#stage-tools output")).to_be_visible()
