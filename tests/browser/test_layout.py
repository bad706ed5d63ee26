"""The painting behind everything: how much of it is seen, and what lies over it when."""

import itertools

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import browsing, opened
from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser

# Of a fine grid over the window, how much is the painting itself and nothing over it.
UNCOVERED = """() => {
  const n = 80;
  const at = (index, size) => (index + 0.5) * size / n;
  const idAt = (x, y) => document.elementFromPoint(at(x, innerWidth), at(y, innerHeight))?.id;
  const seen = [...Array(n * n).keys()].filter((i) => idAt(i % n, Math.floor(i / n)) === "picture");
  return seen.length / n / n; }"""
OPACITY = "(selector) => Number(getComputedStyle(document.querySelector(selector)).opacity)"
# Text below 12 px, and what can be pressed but is below 24 px.
TOO_SMALL = """() => {
  const seen = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility());
  const isText = (node) => node.nodeType === 3 && node.data.trim();
  const hasText = ({ childNodes }) => [...childNodes].some(isText);
  const isSmall = (one) => {
    const { width, height } = one.getBoundingClientRect();
    return Math.min(width, height) < 24 && !one.matches(".unseen, .unseen *");
  };
  return [
    ...seen.filter((one) => hasText(one) && parseFloat(getComputedStyle(one).fontSize) < 12),
    ...seen.filter((one) => one.matches("button, a, input, select, summary") && isSmall(one)),
  ].map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize(
    ("width", "height", "least"),
    [(1440, 900, 0.6), (1024, 768, 0.6), (390, 844, 0.5), (844, 390, 0.5)],
)
def test_most_of_the_window_is_the_painting(
    browser: Browser, server: LiveServer, width: int, height: int, least: float
) -> None:
    with browsing(browser, width, height, has_touch=width < 900) as context:
        page = opened(context, server.url)
        page.mouse.move(2, 2)
        first = page.locator("img#content-picture")
        wait_until("it has melted", lambda: first.count() == 0)
        assert page.evaluate(UNCOVERED) >= least
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Every handle of the first group is there, on the screen, and apart from the others.
        handles = page.locator(".strip .knob").all()
        boxes = [box for handle in handles if (box := handle.bounding_box())]
        assert len(boxes) == 8
        for box in boxes:
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
        places = sorted((round(box["y"]), box["x"]) for box in boxes)
        for (row, left), (other_row, right) in itertools.pairwise(places):
            assert row != other_row or right - left >= boxes[0]["width"]


def test_a_phone_brings_pictures_and_scenes_in_place_of_the_handles(
    browser: Browser, server: LiveServer
) -> None:
    with browsing(browser, 390, 844, has_touch=True) as context:
        page = opened(context, server.url)
        for tab, part in (("pictures", ".drop-zone"), ("scenes", ".scene.new")):
            page.locator(f"[data-tab={tab}]").tap()
            page.locator(part).first.tap(trial=True)  # nothing lies over it
            page.locator("#pause").tap(trial=True)  # and it over nothing
        page.locator("[data-tab=content]").tap()
        value = page.locator(".strip .foot[data-term=content] .value").first.bounding_box()
        fader = page.locator(".strip .fader").first.bounding_box()
        assert value
        assert fader
        assert value["y"] >= fader["y"] + fader["height"]


def test_it_fills_the_window_or_fits(page: Page) -> None:
    picture, window = page.locator("#picture"), page.viewport_size
    assert window
    page.keyboard.press("w")  # fits: the tools of other tests may have left either
    if page.locator("#stage.fill").count():
        page.keyboard.press("w")
    box = picture.bounding_box()
    assert box
    assert box["y"] >= 50
    assert box["y"] + box["height"] <= page.locator("#mixer").bounding_box()["y"] + 1
    page.keyboard.press("w")
    box = picture.bounding_box()
    assert box
    assert box["x"] <= 0
    assert box["y"] <= 0
    assert box["x"] + box["width"] >= window["width"]
    assert box["y"] + box["height"] >= window["height"]
    page.reload()
    expect(page.locator("#stage")).to_have_class("fill lit")  # and it is remembered


def test_one_key_opens_the_engine_room(page: Page) -> None:
    engine = page.locator("#engine")
    before = engine.is_visible()
    page.locator("body").press("e")
    expect(engine).to_be_visible(visible=not before)
    page.locator("#engine-key").click()
    expect(engine).to_be_visible(visible=before)
    expect(page.locator("#engine-key")).to_have_attribute("aria-expanded", str(before).lower())


def test_text_and_targets_are_large_enough(page: Page) -> None:
    page.mouse.move(300, 300)
    if not page.locator("#engine").is_visible():
        page.keyboard.press("e")
    assert page.evaluate(TOO_SMALL) == []
    page.keyboard.press("e")


def test_controls_fade_while_nobody_plays_and_any_move_brings_them_back(
    browser: Browser, server: LiveServer
) -> None:
    parts = (".bar", "main", "#mixer")
    with browsing(browser) as context:
        context.clock.install()
        page = opened(context, server.url)
        page.mouse.move(300, 300)

        def opacities() -> set[float]:
            return {page.evaluate(OPACITY, part) for part in parts}

        def pass_idle_time() -> None:
            context.clock.fast_forward(5100)

        pass_idle_time()
        wait_until("only the painting", lambda: opacities() == {0})
        page.mouse.move(320, 320)
        wait_until("all is there", lambda: opacities() == {1})
        pass_idle_time()
        wait_until("only the painting", lambda: opacities() == {0})
        # Somebody's hand elsewhere, such as hardware's.
        server.send({"type": "set", "controls": {"smooth": 0.4}})
        wait_until("all is there", lambda: opacities() == {1})
        # Where motion is to be reduced they stay.
        page.emulate_media(reduced_motion="reduce")
        pass_idle_time()
        page.wait_for_timeout(300)
        assert opacities() == {1}
