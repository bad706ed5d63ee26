"""The pictures to choose from: a tap swaps, a drag blends, the pad moves between styles."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser


def names(server: LiveServer) -> list[str]:
    """Of the content and the styles."""
    pictures = server.state()["pictures"]
    return [picture["name"] for picture in (pictures["content"], *pictures["styles"])]


def thumbnail(page: Page, name: str) -> Locator:
    return page.locator(f'.thumbnail[title="{name}"]')


def place(page: Page, name: str) -> Locator:
    return page.locator(".places").get_by_role("button", name=name, exact=True)


def press(page: Page, locator: Locator) -> dict[str, float]:
    """Press the mouse in the middle of an element; return its box."""
    box = locator.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    return dict(box)


def blend(server: LiveServer) -> dict[str, Any]:
    controls = server.state()["controls"]
    return {
        name: controls[name] for name in controls if name.startswith(("style_mix", "style_gain"))
    }


def test_a_tap_swaps_the_picture_of_the_selected_place(page: Page, server: LiveServer) -> None:
    expect(thumbnail(page, "strokes")).to_have_attribute("aria-pressed", "true")
    thumbnail(page, "woodcut").click()
    wait_until("another style", lambda: names(server) == ["harbour", "woodcut"])
    expect(thumbnail(page, "woodcut")).to_have_attribute("aria-pressed", "true")
    place(page, "content").click()
    expect(thumbnail(page, "woodcut")).to_have_count(0)  # no content
    thumbnail(page, "harbour").focus()
    page.keyboard.press("ArrowRight")
    expect(thumbnail(page, "mountains")).to_be_focused()
    page.keyboard.press("Enter")
    wait_until("another content", lambda: names(server) == ["mountains", "woodcut"])
    place(page, "style").click()
    thumbnail(page, "strokes").click()
    wait_until("the style as before", lambda: names(server) == ["mountains", "strokes"])


def test_a_drag_onto_the_painting_blends_and_the_pad_moves_between(
    page: Page, server: LiveServer
) -> None:
    hint = page.locator("#drop-hint")
    press(page, thumbnail(page, "mosaic"))
    page.mouse.move(700, 300, steps=3)
    expect(hint).to_have_text("blend as style B")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(hint).to_be_hidden()
    press(page, thumbnail(page, "mosaic"))
    page.mouse.move(700, 300, steps=3)
    page.mouse.up()
    wait_until("one more style", lambda: names(server)[1:] == ["strokes", "mosaic"])
    wait_until("half of the blend", lambda: blend(server)["style_mix"] == 0.5)

    pad = page.get_by_role("slider", name="blend of the styles")
    expect(pad).to_have_attribute("aria-valuetext", "A 50 %, B 50 %")
    before, undo = blend(server), server.state()["scenes"]["undo"]
    box = press(page, pad)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 5, steps=6)
    page.mouse.up()
    wait_until("moved", lambda: blend(server)["style_mix"] == pytest.approx(0.9, abs=0.02))
    page.keyboard.press("ArrowLeft")
    wait_until("a step", lambda: blend(server)["style_mix"] == pytest.approx(0.88, abs=0.02))
    undos = server.state()["scenes"]["undo"] - undo
    for _ in range(undos):
        page.keyboard.press("Control+z")
    wait_until("as before", lambda: blend(server) == before)
    assert undos == 2  # the drag, and the key

    # From elsewhere: the puck follows.
    server.send({"type": "set", "controls": {"style_mix": 0.2}})
    expect(pad).to_have_attribute("aria-valuetext", "A 80 %, B 20 %")
    page.get_by_role("button", name="remove style B").click()
    expect(pad).to_be_hidden()
