"""Scenes, morphs and undo end to end: real server, real worker, real browser."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from tests.browser.conftest import browsing, opened
from tests.browser.live_server import TIMEOUT_S, TOKEN, LiveServer, wait_until

pytestmark = pytest.mark.browser

CONTROL = "style.block2_conv1@2"
MASTER = "content.master"


def value(server: LiveServer, control: str) -> float:
    return server.state()["controls"][control]


def scenes(server: LiveServer) -> dict:
    return server.state()["scenes"]


def drag(page: Page, control: str, by_px: int) -> None:
    box = page.locator(f'input[data-control="{control}"]').bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x, y - by_px * step / 10)
        page.wait_for_timeout(120)  # slower than the pause that ends a gesture without a name
    page.mouse.up()


def panel(page: Page) -> None:
    """Wait for the panel, which loads after the first picture."""
    expect(page.locator("#scenes-panel .scene.new")).to_be_attached()


def test_undo_of_a_drag_is_one_step(page: Page, server: LiveServer) -> None:
    panel(page)
    before, depth = value(server, CONTROL), scenes(server)["undo"]
    drag(page, CONTROL, 60)
    shown = float(page.locator(f'input[data-control="{CONTROL}"]').input_value())
    assert shown > before + 0.1
    wait_until("the last of it", lambda: value(server, CONTROL) == pytest.approx(shown, abs=1e-3))
    after = value(server, CONTROL)
    assert scenes(server)["undo"] == depth + 1
    page.keyboard.press("Control+z")
    wait_until("it is taken back", lambda: value(server, CONTROL) == before)
    expect(page.locator(f'input[data-control="{CONTROL}"]')).to_have_value(
        re.compile(rf"^{before:g}")
    )
    page.keyboard.press("Control+Shift+z")
    wait_until("it is made again", lambda: value(server, CONTROL) == after)
    page.locator("#undo").click()
    wait_until("it is taken back again", lambda: value(server, CONTROL) == before)


def test_scenes_are_stored_recalled_renamed_and_deleted(page: Page, server: LiveServer) -> None:
    panel(page)
    start = value(server, MASTER)
    page.locator(".scene.new").click()
    expect(page.locator("li[data-scene='scene 1']")).to_be_visible()
    shown = page.locator("li[data-scene='scene 1'] img")
    wait_until("its thumbnail", lambda: shown.evaluate("({ naturalWidth }) => naturalWidth") > 90)
    page.locator(f'input[data-control="{MASTER}"]').focus()
    page.keyboard.press("Home")
    wait_until("the master is off", lambda: value(server, MASTER) == 0)
    page.keyboard.press("Shift+Digit2")
    expect(page.locator("li[data-scene='scene 2']")).to_have_class(re.compile("current"))
    page.keyboard.press("1")
    wait_until("the first scene is back", lambda: value(server, MASTER) == start)
    expect(page.locator("li[data-scene='scene 1']")).to_have_class(re.compile("current"))
    page.keyboard.press("]")
    wait_until("the next scene", lambda: value(server, MASTER) == 0)
    page.keyboard.press("[")
    wait_until("the scene before", lambda: value(server, MASTER) == start)
    page.locator("li[data-scene='scene 2'] .scene").hover()
    expect(page.locator("#scene-preview")).to_contain_text("content master off")
    page.locator("li[data-scene='scene 2'] .more").click()
    page.get_by_role("button", name="earlier").click()
    expect(page.locator("li[data-scene]").first).to_have_attribute("data-scene", "scene 2")
    page.get_by_role("button", name="later").click()
    expect(page.locator("li[data-scene]").first).to_have_attribute("data-scene", "scene 1")
    page.keyboard.press("Escape")
    page.locator("li[data-scene='scene 2'] .more").click()
    page.get_by_role("button", name="try it behind the held wall").click()
    wait_until("it is tried", lambda: value(server, MASTER) == 0 and value(server, "hold"))
    expect(page.locator("#wall-sign")).to_have_text("the wall holds its picture")
    page.keyboard.press("h")
    wait_until("it is on the wall", lambda: not value(server, "hold"))
    expect(page.locator("#wall-sign")).to_be_empty()
    page.keyboard.press("1")
    wait_until("the first scene is back", lambda: value(server, MASTER) == start)
    page.locator("li[data-scene='scene 2'] .more").click()
    page.locator("#scene-editor input").first.fill("silence")
    page.keyboard.press("Enter")
    expect(page.locator("li[data-scene='silence']")).to_be_visible()
    for scene, end in (("scene 1", "A"), ("silence", "B")):
        page.locator(f"li[data-scene='{scene}'] .more").click()
        page.get_by_role("button", name=f"crossfade {end}").click()
        expect(page.locator(f"li[data-scene='{scene}'] b")).to_have_text(end)
    fade = page.get_by_label("crossfade from scene A to scene B")
    expect(fade).to_be_enabled()
    fade.focus()
    page.keyboard.press("End")
    wait_until("all is at B", lambda: value(server, MASTER) == 0)
    page.keyboard.press("Home")
    wait_until("all is at A", lambda: value(server, MASTER) == start)
    with page.expect_download() as download:
        page.locator("li[data-scene='silence'] .more").click()
        page.get_by_role("link", name="export").click()
    exported = json.loads(download.value.path().read_text())
    assert [scene["name"] for scene in exported["scenes"]] == ["scene 1", "silence"]
    page.get_by_role("button", name="delete").click()
    expect(page.locator("li[data-scene='silence']")).to_have_count(0)
    page.locator("#scenes-panel input[type=file]").set_input_files(download.value.path())
    expect(page.locator("li[data-scene='silence']")).to_be_visible()


def test_a_morph_is_painted_as_a_smooth_path(page: Page, server: LiveServer) -> None:
    """The weights that the worker reports go evenly from one end to the other."""
    layer = server.state()["layers"][0]
    url = f"{server.base.replace('http', 'ws')}/ws"
    with connect(
        url,
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        proxy=None,
        max_size=None,
        open_timeout=TIMEOUT_S,
    ) as socket:

        def send(**message: object) -> None:
            socket.send(json.dumps(message))

        def weights_until(rev_of: float) -> list[float]:
            weights: list[float] = []
            while not weights or weights[-1] != pytest.approx(rev_of, rel=1e-6):
                message = json.loads(socket.recv(timeout=TIMEOUT_S))
                if message["type"] == "epoch":
                    weights.append(message["losses"][0]["content"]["weight"])
            return weights

        send(type="set", controls={f"content.{layer}": 0.75})
        send(type="store", scene="loud")
        send(type="set", controls={f"content.{layer}": 0.25})
        weights_until(0.1)
        send(type="recall", scene="loud", seconds=3)
        path = weights_until(10.0)
    assert path == sorted(path)
    assert len(set(path)) > 5, path


def test_two_pages_on_one_slider_end_on_the_last_writers_value_and_a_held_handle_never_jumps(
    page: Page, browser: Browser, server: LiveServer
) -> None:
    with browsing(browser) as context:
        other = opened(context, server.url)
        handle, theirs = (tab.locator(f'input[data-control="{CONTROL}"]') for tab in (page, other))
        box = handle.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 20)
        held = handle.input_value()
        wait_until("the other page sees it", lambda: theirs.input_value() == held)
        theirs.focus()
        other.keyboard.press("Home")
        wait_until("the server has the other value", lambda: value(server, CONTROL) == 0)
        assert handle.input_value() == held
        page.mouse.move(x, y - 30)
        moved = handle.input_value()
        page.mouse.up()
        for tab in (handle, theirs):
            wait_until("both show it", lambda tab=tab: tab.input_value() == moved)
        assert value(server, CONTROL) == pytest.approx(float(moved), abs=0.001)
