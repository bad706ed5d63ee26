"""The picture's tools: zoom, compare, keep, save. Real server, worker and browser."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.conftest import drawn
from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def ready(page: Page) -> None:
    """The tools' style sheet comes last; the picture fits."""
    expect(page.locator("#stage")).to_have_css("overflow", "clip")
    tool(page, "fit").evaluate("(button) => button.click()")


def tool(page: Page, name: str) -> Locator:
    return page.locator("#stage-tools").get_by_role("button", name=name, exact=True)


def box(page: Page) -> dict[str, float]:
    """Where the picture lies on the screen."""
    found = page.locator("#picture").bounding_box()
    assert found
    return dict(found)


def percent(page: Page) -> str:
    return page.locator("#stage-tools output").inner_text()


def test_one_to_one_is_a_pixel_for_a_pixel(page: Page) -> None:
    fits = box(page)
    tool(page, "1:1").click()
    assert (box(page)["width"], percent(page)) == (pytest.approx(128, abs=0.1), "100 %")
    tool(page, "fit").click()
    assert box(page) == fits


def test_the_wheel_brings_closer_what_lies_under_the_pointer(page: Page) -> None:
    fits = box(page)
    x, y = fits["x"] + 0.6 * fits["width"], fits["y"] + 0.4 * fits["height"]
    page.mouse.move(x, y)
    page.mouse.wheel(0, -800)
    wait_until("closer", lambda: box(page)["width"] > 3 * fits["width"])
    near = box(page)
    assert (x - near["x"]) / near["width"] == pytest.approx(0.6, abs=0.005)
    assert (y - near["y"]) / near["height"] == pytest.approx(0.4, abs=0.005)
    # Dragged, it comes along; the arrow keys push it, z brings all of it back.
    page.mouse.down()
    page.mouse.move(x - 20, y + 10, steps=4)
    page.mouse.up()
    assert box(page)["x"] == pytest.approx(near["x"] - 20, abs=1)
    assert box(page)["y"] == pytest.approx(near["y"] + 10, abs=1)
    page.keyboard.press("ArrowLeft")
    assert box(page)["x"] == pytest.approx(near["x"] + 40, abs=1)
    page.keyboard.press("z")
    assert box(page) == fits


def test_the_keyboard_comes_closer_without_moving_a_handle(page: Page, server: LiveServer) -> None:
    fits, rev = box(page), server.state()["rev"]
    page.keyboard.press("+")
    assert box(page)["width"] == pytest.approx(1.25 * fits["width"], rel=0.01)
    page.keyboard.press("-")
    assert box(page)["width"] == pytest.approx(fits["width"], rel=0.01)
    assert server.state()["rev"] == rev


def test_two_fingers_pinch(page: Page) -> None:
    fits = box(page)
    x, y = fits["x"] + fits["width"] / 2, fits["y"] + fits["height"] / 2
    touch = page.context.new_cdp_session(page)

    def put(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else points},
        )

    put("touchStart", 50)
    for apart in (60, 70, 80, 90, 100):
        put("touchMove", apart)
    put("touchEnd", 0)
    assert box(page)["width"] == pytest.approx(2 * fits["width"], rel=0.02)


def stays(other: Locator, tap: Callable[[], None]) -> bool:
    """Whether a tap keeps it shown: not where it took so long that it was a hold."""
    tap()
    with suppress(TimeoutError):
        other.wait_for(state="visible", timeout=2000)
    return other.is_visible()


def test_hold_to_compare_and_tap_to_keep_it_shown(page: Page) -> None:
    other, name = page.locator("#other"), page.locator("#other-name")
    expect(other).to_be_hidden()
    page.keyboard.down("c")
    expect(other).to_be_visible()
    expect(name).to_contain_text("content:")
    assert other.bounding_box() == pytest.approx(box(page), abs=0.5)
    page.wait_for_timeout(350)
    page.keyboard.up("c")
    expect(other).to_be_hidden()
    wait_until("it stays shown", lambda: stays(other, lambda: tool(page, "style").click(delay=1)))
    expect(name).to_contain_text("style:")
    expect(tool(page, "style")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(other).to_be_hidden()
    # By keyboard alone: a press of the button keeps it, another takes it away.
    tool(page, "content").press("Enter")
    expect(other).to_be_visible()
    tool(page, "content").press("Enter")
    expect(other).to_be_hidden()


def test_a_kept_moment_is_compared_with_the_painting(page: Page) -> None:
    expect(tool(page, "A")).to_be_disabled()
    tool(page, "keep").click()
    kept = page.locator("#stage-tools").get_by_role("button", name="A · step")
    expect(kept).to_be_enabled()
    epoch = drawn(page)["epoch"]
    other = page.locator("#other")
    wait_until("it stays shown", lambda: stays(other, lambda: page.keyboard.press("b")))
    expect(page.locator("#other-name")).to_contain_text("as kept at step")
    wide = "document.querySelector('#other').naturalWidth"
    wait_until("it is loaded", lambda: page.evaluate(wide) == 128)
    # The painting goes on behind it.
    wait_until("painting goes on", lambda: drawn(page)["epoch"] > epoch)
    page.keyboard.press("Escape")


def saved(page: Page, folder: Path) -> tuple[Path, Any]:
    """Save the painting by its key: the file and the state in it."""
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    with Image.open(path, formats=("PNG",)) as image:
        return path, json.loads(image.info["styletune"])


def test_the_painting_is_saved_in_full_with_its_state(
    page: Page, server: LiveServer, tmp_path: Path
) -> None:
    path, state = saved(page, tmp_path)
    with Image.open(path) as image:
        assert image.size == (128, 96)
    assert path.name.startswith("styletune-harbour-")
    assert state["rev"] == state["controls_rev"]
    assert state["controls"].keys() == server.state()["controls"].keys()
    assert state["layers"] == server.state()["layers"]


def drop(page: Page, selector: str, path: Path) -> None:
    """Let a file fall on a place of the page."""
    transfer = page.evaluate_handle(
        """([bytes, name]) => { const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
          return transfer; }""",
        [list(path.read_bytes()), path.name],
    )
    page.dispatch_event(selector, "drop", {"dataTransfer": transfer})


def test_a_saved_painting_dropped_on_the_page_brings_its_state_back(
    page: Page, server: LiveServer, tmp_path: Path
) -> None:
    def controls() -> Any:
        return server.state()["controls"]

    page.locator('input[data-control="smooth"]').fill("0.61")
    wait_until("the server has it", lambda: controls()["smooth"] == 0.61)
    rev = server.state()["rev"]
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= rev)
    path, state = saved(page, tmp_path)
    assert state["controls"] == controls()
    page.locator('input[data-control="smooth"]').fill("0.2")
    page.locator('input[data-control="style_scale.1"]').fill("0.8")
    wait_until("moved away", lambda: controls()["style_scale.1"] == 0.8)
    drop(page, "#picture", path)
    wait_until("the state is back", lambda: controls() == state["controls"])
    expect(page.locator("#message")).to_contain_text("as in the saved picture")
    # And the painting follows.
    rev = server.state()["rev"]
    wait_until("a frame that contains it", lambda: drawn(page)["rev"] >= rev)
    # One step back undoes it whole.
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press("Control+z")
    wait_until("undone", lambda: controls()["smooth"] == 0.2 and controls()["style_scale.1"] == 0.8)


def test_a_picture_without_a_state_is_asked_what_for(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "plain.png"
    Image.linear_gradient("L").convert("RGB").resize((128, 96)).save(path)
    drop(page, "#picture", path)
    dialog = page.locator("#use-dialog")
    expect(dialog.get_by_role("button", name="content")).to_be_visible()
    expect(dialog.get_by_role("button", name="state")).to_have_count(0)
    dialog.get_by_role("button", name="cancel").click()
    expect(dialog).to_be_hidden()


def test_a_style_is_added_weighed_and_taken_away(
    page: Page, server: LiveServer, tmp_path: Path
) -> None:
    def raw_losses() -> list[float]:
        return [row["style"]["raw"] for row in server.epoch()["losses"]]

    path = tmp_path / "stripes.png"
    stripes = Image.effect_noise((128, 128), 90).convert("RGB")
    stripes.save(path)
    before = raw_losses()
    page.locator("#style-file-2").set_input_files(path)
    wait_until("two styles", lambda: len(server.state()["pictures"]["styles"]) == 2)
    # A new style counts at once: half of the blend, which the worker's targets show.
    wait_until("the mix", lambda: server.state()["controls"]["style_mix"] == 0.5)
    expect(page.locator(".source .part").nth(2)).to_have_text("50 %")
    rev = server.state()["rev"]
    wait_until("a frame that contains it", lambda: server.epoch()["rev"] >= rev)
    wait_until("other targets", lambda: abs(raw_losses()[0] / before[0] - 1) > 0.2)
    page.locator('input[data-control="style_gain.2"]').fill("0")
    wait_until("the worker", lambda: server.state()["controls"]["style_gain.2"] == 0)
    expect(page.locator(".source .part").nth(2)).to_have_text("0 %")
    page.get_by_role("button", name="remove style B").click()
    wait_until("one style", lambda: len(server.state()["pictures"]["styles"]) == 1)
    expect(page.locator('.thumbnail[title="stripes.png"]')).to_be_visible()


def test_a_picture_is_rendered_large_from_where_it_stands(page: Page) -> None:
    saves = page.locator("#stage-tools").get_by_role("button", name="save")
    expect(saves).to_contain_text("128 × 96")  # what it saves
    tool(page, "large").click()
    dialog = page.get_by_role("dialog", name="render large")
    size = dialog.get_by_role("button", name="1024 × 768")
    size.click()
    expect(dialog.get_by_role("status")).to_contain_text("1024 × 768 px: ")
    expect(size).to_be_hidden()  # one at a time
    dialog.get_by_role("button", name="cancel").click()
    expect(size).to_be_visible()
