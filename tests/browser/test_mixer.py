"""The mixer as a player uses it: real server, real worker on `lite`, real browser."""

import math

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import browsing, opened
from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser


def handle(page: Page, control: str):
    return page.locator(f'input[type=range][data-control="{control}"]')


def words(page: Page, control: str):
    """The field beside a handle in which its value stands, and is typed."""
    label = handle(page, control).get_attribute("aria-label")
    return page.get_by_label(f"{label}, typed", exact=True)


def value(server: LiveServer, control: str):
    return server.state()["controls"][control]


def centre(page: Page, control: str) -> tuple[float, float]:
    box = handle(page, control).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def moved(server: LiveServer, control: str, position: float) -> None:
    wait_until(
        f"{control} at {position}",
        lambda: value(server, control) == pytest.approx(position, abs=6e-4),
    )


def type_value(page: Page, control: str, text: str) -> None:
    words(page, control).click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_value_is_typed_over_its_words(page: Page, server: LiveServer) -> None:
    control = "content.block3_conv1"
    type_value(page, control, "10")
    moved(server, control, 0.75)
    expect(words(page, control)).to_have_value("×10")
    expect(handle(page, control)).to_be_focused()
    # From the keyboard alone; nonsense and Escape change nothing, and letters are not shortcuts.
    rev = server.state()["rev"]
    page.keyboard.press("Enter")
    page.keyboard.type("rkm")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("3")
    page.keyboard.press("Escape")
    expect(words(page, control)).to_have_value("×10")
    page.keyboard.press("Enter")
    page.keyboard.type("off")
    page.keyboard.press("Enter")
    moved(server, control, 0.0)
    assert server.state()["rev"] == rev + 1
    page.keyboard.press("Delete")
    moved(server, control, 0.3)
    # An amount goes below zero.
    control = "style.block2_conv1"
    type_value(page, control, "-1.25")
    moved(server, control, 0.0)
    expect(words(page, control)).to_have_value("×−1.3")
    page.keyboard.press("Delete")
    moved(server, control, 0.5)


def test_a_drag_is_fine_with_shift_and_a_double_click_brings_the_default(
    page: Page, server: LiveServer
) -> None:
    control = "style.block3_conv4@4"
    x, y = centre(page, control)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 36, steps=4)  # a knob has 180 px from end to end
    page.mouse.up()
    moved(server, control, 0.7)
    page.mouse.move(x, y)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x, y - 36, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    moved(server, control, 0.72)

    def doubly_clicked() -> bool:
        """Again, where too long lay between the two clicks."""
        page.mouse.dblclick(x, y)
        page.wait_for_timeout(300)
        return bool(value(server, control) == pytest.approx(0.5, abs=6e-4))

    wait_until("the default", doubly_clicked)
    page.mouse.wheel(0, -100)
    moved(server, control, 0.52)
    page.keyboard.press("PageUp")
    moved(server, control, 0.62)
    page.keyboard.press("Shift+ArrowUp")
    moved(server, control, 0.621)
    page.keyboard.press("Delete")
    moved(server, control, 0.5)


def test_solo_mute_and_freeze_are_switched_by_key_and_click(page: Page, server: LiveServer) -> None:
    control = "style.block2_conv1"
    for key, name in (
        ("s", f"{control}.solo"),
        ("m", f"{control}.mute"),
        ("f", "freeze.block2_conv1"),
    ):
        handle(page, control).focus()
        page.keyboard.press(key)
        wait_until(name, lambda name=name: value(server, name) is True)
        switch = page.locator(f'button[data-control="{name}"]')
        expect(switch).to_have_attribute("aria-pressed", "true")
        switch.click()
        wait_until(name, lambda name=name: value(server, name) is False)
    # A soloed term counts alone, which the other strips show.
    page.locator(f'button[data-control="{control}.solo"]').click()
    expect(page.locator(".knob.silent")).to_have_count(7)
    wait_until("soloed", lambda: value(server, f"{control}.solo") is True)
    page.locator(f'button[data-control="{control}.solo"]').click()
    expect(page.locator(".knob.silent")).to_have_count(0)
    wait_until("none is soloed", lambda: value(server, f"{control}.solo") is False)


def test_every_strip_meters_raw_loss_weight_and_share(page: Page, server: LiveServer) -> None:
    rev = server.state()["rev"]
    wait_until("an epoch of now", lambda: server.epoch()["rev"] >= rev)
    losses = server.epoch()["losses"]
    bars = """(layer) => {
        const read = (meter) => ["raw", "weight", "share"].map((name) =>
            Number(meter.style.getPropertyValue("--" + name)));
        return [...document.querySelectorAll(`[data-layer="${layer}"] .meter`)].map(read); }"""
    for loss in losses:
        layer = loss["layer"]
        wait_until(
            "the weight of now",
            lambda layer=layer: page.evaluate(bars, layer)[0][1] == pytest.approx(0.5, abs=1e-3),
        )
        style, content = page.evaluate(bars, layer)
        assert 0 < style[0] <= 1
        assert style[2] > 0
        assert content[1] == pytest.approx(
            (math.log10(loss["content"]["weight"]) + 2) / 4 if loss["content"]["weight"] else 0,
            abs=2e-3,
        )


def test_a_strip_explains_itself_and_shows_how_far_its_layer_sees(
    page: Page, server: LiveServer
) -> None:
    page.locator('.strip[data-layer="block2_conv1@2"] header').hover()
    hint = page.get_by_role("tooltip")
    expect(hint).to_contain_text("22 × 22 px")
    expect(hint).to_contain_text("×1.0")

    def fits() -> bool:
        """Drawn again, since the panels that load later still move the stage."""
        page.mouse.move(2, 2)
        page.locator('.strip[data-layer="block2_conv1@2"] header').hover()
        expect(hint).to_contain_text("22 × 22 px")
        square = page.locator(".reach").bounding_box()
        picture = page.locator("#picture").bounding_box()
        return bool(square and picture) and bool(
            square["width"] == pytest.approx(22 / 128 * picture["width"], abs=2)
        )

    wait_until("the square has the size of what the layer sees", fits)
    page.keyboard.press("Escape")
    expect(hint).to_be_hidden()


def test_the_size_is_sent_when_the_fader_is_let_go(page: Page, server: LiveServer) -> None:
    before = value(server, "size")
    x, y = centre(page, "size")
    cap = page.locator('.fader[data-control="size"] .cap').bounding_box()
    assert cap
    page.mouse.move(x, cap["y"] + cap["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y - 30, steps=6)
    shown = float(handle(page, "size").input_value())
    assert shown > before
    page.wait_for_timeout(300)
    assert value(server, "size") == before
    page.mouse.up()
    moved(server, "size", shown)
    handle(page, "size").focus()
    page.keyboard.press("Delete")
    moved(server, "size", before)


def test_optimizer_and_colour_are_chosen(page: Page, server: LiveServer) -> None:
    for control, name, default in (("optimizer", "gd", "adam"), ("color", "luminance", "full")):
        select = page.locator(f'[data-control="{control}"] select')
        select.select_option(name)
        wait_until(name, lambda control=control, name=name: value(server, control) == name)
        select.select_option(default)
        wait_until(default, lambda control=control, d=default: value(server, control) == d)


def test_a_held_handle_never_jumps_and_both_pages_end_alike(
    browser: Browser, page: Page, server: LiveServer
) -> None:
    control = "style.block2_conv1@2"
    with browsing(browser) as context:
        other = opened(context, server.url)
        x, y = centre(page, control)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 18, steps=3)
        held = handle(page, control).input_value()
        wait_until("the other page follows", lambda: handle(other, control).input_value() == held)
        handle(other, control).fill("0.9")
        moved(server, control, 0.9)
        page.wait_for_timeout(200)
        assert handle(page, control).input_value() == held
        page.mouse.up()
        wait_until(
            "it comes to the last writer's value",
            lambda: handle(page, control).input_value() == "0.9",
        )
        wait_until("so does the other", lambda: handle(other, control).input_value() == "0.9")
        handle(page, control).fill("0.5")
        moved(server, control, 0.5)


def test_two_faders_follow_two_fingers(browser: Browser, server: LiveServer) -> None:
    with browsing(browser, 1440, 900, has_touch=True) as context:
        page = opened(context, server.url)
        page.locator("[data-tab=content]").tap()  # for fingers, one kind of handles at a time
        names = ("content.block1_conv1", "content.block3_conv4@4")
        session = context.new_cdp_session(page)
        feet = [centre(page, name) for name in names]

        def touch(kind: str, lift: float) -> None:
            points = [
                {"x": x, "y": y - lift * (index + 1), "id": index}
                for index, (x, y) in enumerate(feet)
            ]
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [] if kind == "touchEnd" else points},
            )

        touch("touchStart", 0)
        for lift in range(2, 21, 2):
            touch("touchMove", lift)
        expect(page.locator(".fader.held")).to_have_count(2)
        touch("touchEnd", 0)
        expect(page.locator(".held")).to_have_count(0)
        at = [float(handle(page, name).input_value()) for name in names]
        assert at[0] > 0.05
        assert at[1] == pytest.approx(2 * at[0], rel=0.25)
        for name, position in zip(names, at, strict=True):
            moved(server, name, position)


def test_the_mixer_is_played_from_the_keyboard_alone(page: Page, server: LiveServer) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Playing")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    focused = """() => {
      const { dataset, id, parentElement } = document.activeElement;
      return dataset.control || parentElement.dataset.control || id;
    }"""

    def walk(key: str, steps: int) -> list[str]:
        return [page.keyboard.press(key) or page.evaluate(focused) for _ in range(steps)]

    tabbed = walk("Tab", 12)
    assert {"help", "content-file"} <= set(tabbed)
    inside = "document.activeElement.closest('#mixer') !== null"
    page.evaluate("document.querySelector('.skip').focus()")
    page.keyboard.press("Enter")
    assert page.evaluate(inside)
    page.keyboard.press("Tab")
    assert not page.evaluate(inside), "the desk is one stop"
    page.keyboard.press("Shift+Tab")
    layers = server.state()["layers"]
    handles = walk("ArrowRight", 2 * len(layers) + 6)
    strips = {f"{term}.{layer}" for term in ("content", "style") for layer in layers}
    assert strips | {"content.master", "smooth", "size"} <= set(handles)
    assert walk("Control+ArrowRight", 1)[0].split(".")[0] == handles[-1].split(".")[0]
    walk("Alt+ArrowDown", 1)
    keys = set(walk("ArrowLeft", 5 * len(layers) + 12))
    assert {f"{name}{end}" for name in strips for end in (".solo", ".mute")} <= keys
    assert {f"freeze.{layer}" for layer in layers} | {"optimizer", "paused", "kick"} <= keys
    walk("Alt+ArrowUp", 1)
    assert page.evaluate("document.activeElement.type") == "range"
    unnamed = page.evaluate(
        """[...document.querySelectorAll("[type=range]")].filter(
             (input) => !input.ariaLabel || !input.getAttribute("aria-valuetext"))
             .map((input) => input.outerHTML)"""
    )
    assert unnamed == []
    page.keyboard.press("e")
