"""What the page shows: losses, history, states, failures; and what a viewer may not do."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import VIEW_TOKEN, browsing, drawn, opened
from tests.browser.live_server import LiveServer, run_module, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def engine_room(page: Page) -> None:
    """It stays open."""
    if not page.locator("#engine").is_visible():
        page.locator("#engine-key").click()


def test_the_loss_table_sorts_by_what_is_pressed(page: Page) -> None:
    rows = page.locator("#losses-body tr")
    expect(rows).to_have_count(8)
    names = "[...document.querySelectorAll('#losses-body tr')].map((row) => row.dataset.layer)"
    network = page.evaluate(names)
    shares = """[...document.querySelectorAll('#losses-body tr td:last-child')].map(
                    (cell) => cell.textContent)"""
    page.get_by_role("button", name="style raw").click()
    expect(page.get_by_role("columnheader", name="style raw")).to_have_attribute(
        "aria-sort", "descending"
    )
    wait_until("another order", lambda: page.evaluate(names) != network)
    assert len(page.evaluate(shares)) == 8
    page.get_by_role("button", name="style raw").click()
    page.get_by_role("button", name="style raw").click()
    wait_until("the network's order", lambda: page.evaluate(names) == network)


def test_the_history_begins_before_the_page_and_names_each_move(
    page: Page, server: LiveServer
) -> None:
    wait_until("epochs", lambda: server.epoch()["epoch"] > 20)
    page.reload()
    slider = page.get_by_role("slider", name="epoch", exact=True)
    wait_until("epochs of before", lambda: float(slider.get_attribute("max") or 0) > 15)
    page.locator('input[type=range][data-control="style.block3_conv1"]').fill("0.75")
    panel = page.locator("#history-panel")
    expect(panel.locator(".last-move")).to_have_text("you: style strokes ×1.0 → ×2.8")
    inked = """() => { const c = document.querySelector("#history-panel canvas");
        const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return data.filter((v, n) => n % 4 === 3 && v > 0).length; }"""
    assert page.evaluate(inked) > 500
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 20)
    expect(panel.locator("p").first).to_contain_text("total")
    assert "most" in (slider.get_attribute("aria-valuetext") or "")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    head = Path(download.value.path()).read_text().split("\n")[0]
    assert head.startswith("epoch,step,rev")
    page.locator('input[type=range][data-control="style.block3_conv1"]').fill("0.5")


def test_the_bar_shows_connection_rates_and_latency(page: Page, server: LiveServer) -> None:
    for name in ("#link", "#steps", "#pictures", "#flow", "#memory", "#painted-size"):
        expect(page.locator(name)).to_contain_text("", use_inner_text=True)
        wait_until(name, lambda name=name: page.locator(name).inner_text() not in ("", "–"))
    wait_until("a time", lambda: page.locator("#link").inner_text().endswith("s"))
    wait_until("a rate", lambda: page.locator("#flow").inner_text().endswith("B/s"))
    page.locator('input[type=range][data-control="smooth"]').press("ArrowUp")
    wait_until("a latency", lambda: page.locator("#latency").inner_text().endswith("s"))


def test_a_viewer_sees_who_plays_and_what_changes_and_nothing_dead(
    browser: Browser, page: Page, server: LiveServer
) -> None:
    with browsing(browser) as context:
        viewer = context.new_page()
        viewer.goto(f"{server.base}/?token={VIEW_TOKEN}")
        expect(viewer.get_by_text("view only")).to_be_visible()
        expect(viewer.locator("#watching")).to_contain_text("played by one person")
        expect(viewer.locator("#mixer")).to_be_hidden()
        assert viewer.locator(":is(button, input, select):disabled:visible").count() == 0
        rev = server.state()["rev"]
        viewer.keyboard.press("k")
        expect(viewer.locator("#notice")).to_contain_text("Ask for the player's link")
        viewer.keyboard.press("Space")
        page.locator('input[type=range][data-control="style.block3_conv1"]').fill("0.9")
        expect(viewer.locator("#change.fresh")).to_have_text(
            re.compile(r"style strokes up to ×[\d.]+, by a player")
        )
        expect(viewer.locator("#audience")).to_contain_text("another player")
        assert server.state()["rev"] == rev + 1


def test_a_player_shows_the_viewers_address_as_a_code(page: Page) -> None:
    page.keyboard.press("q")
    dialog = page.locator("#viewer-dialog")
    expect(dialog).to_contain_text(VIEW_TOKEN)
    expect(dialog).to_contain_text("Only browsers on this machine")
    assert dialog.locator("img").evaluate("image => image.naturalWidth") > 100
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_page_comes_back_after_the_server_with_what_was_moved_meanwhile(
    browser: Browser,
) -> None:
    with run_module("benchmarks.common.stand_in", "--size", "128") as url:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(url)
        wait_until("a picture", lambda: drawn(page)["epoch"] > 0)
    expect(page.locator("#state")).to_have_text(re.compile(r"reconnecting in \d s"))
    expect(page.locator("#overlay")).to_contain_text("the server was stopped")
    expect(page.locator("#overlay")).to_contain_text("the same command and --resume")
    smooth = page.locator('input[type=range][data-control="smooth"]')
    smooth.fill("0.8")
    port = str(urlsplit(url).port)
    with run_module("benchmarks.common.stand_in", "--size", "128", "--port", port) as url:
        expect(page.locator("#state")).to_have_text("painting")
        expect(page.locator("#overlay")).to_be_hidden()
        expect(smooth).to_have_value("0.8")
        other = browser.new_context().new_page()
        other.goto(url)
        expect(other.locator('input[type=range][data-control="smooth"]')).to_have_value("0.8")
        other.context.close()
    page.context.close()


def test_a_painter_that_failed_is_restarted_from_the_page(browser: Browser, tmp_path: Path) -> None:
    with run_module("tests.browser.failing_server", str(tmp_path)) as url:
        page = browser.new_context(viewport={"width": 1024, "height": 768}).new_page()
        page.goto(url)
        expect(page.get_by_role("heading", name="the painter has failed")).to_be_visible()
        expect(page.locator("#overlay")).to_contain_text("no weights here")
        page.get_by_text("its last words").click()
        page.get_by_role("button", name="restart the painter").click()
        wait_until("a picture", lambda: drawn(page)["epoch"] > 0)
        expect(page.locator("#overlay")).to_be_hidden()
        page.context.close()


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (1440, 900),
        pytest.param(1024, 768, marks=pytest.mark.long),
        pytest.param(390, 844, marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_serious(
    browser: Browser, server: LiveServer, axe: str, width: int, height: int
) -> None:
    touch = width < 500
    with browsing(browser, width, height, has_touch=touch, bypass_csp=True) as context:
        page = opened(context, server.url)
        page.evaluate(axe)
        page.evaluate("import('/web/notices.js').then((m) => m.showNotice('a test'))")
        for state in ("playing, with a notice", "shortcuts"):
            if state == "shortcuts":
                page.keyboard.press("?")
            found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert serious == [], (state, json.dumps(serious, indent=1)[:3000])


def test_a_phone_plays_without_sideways_scrolling(browser: Browser, server: LiveServer) -> None:
    with browsing(browser, 390, 844, has_touch=True, reduced_motion="reduce") as context:
        page = opened(context, server.url)
        for tab, control in (
            ("style", "style.block1_conv1"),
            ("content", "content.block3_conv4@4"),
            ("masters", "size"),
        ):
            page.locator(f'#mixer button[data-tab="{tab}"]').click()
            box = page.locator(f'[data-control="{control}"]').first.bounding_box()
            assert box, control
            assert box["x"] >= 0, control
            assert box["x"] + box["width"] <= 390, control
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert page.locator("#picture").is_visible()
        assert page.evaluate("document.getAnimations().length") == 0


def test_the_laboratory_follows_the_hand_and_is_drawn_anew(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: "/api/layers/" in request.url and asked.append(request.url))
    panel = page.locator("#lab")
    page.keyboard.press("i")
    expect(panel.locator("img")).to_be_visible()
    page.locator(".strip[data-layer=block3_conv1] header").hover()
    expect(panel.locator("h2")).to_contain_text("strokes")
    expect(panel.locator("img")).to_have_attribute("alt", re.compile("Gram matrices of strokes"))
    first = panel.locator("img").get_attribute("src")
    wait_until("another drawing", lambda: panel.locator("img").get_attribute("src") != first)
    assert panel.locator("img").evaluate("(image) => image.decode().then(() => true)")
    page.locator('input[type=range][data-control="style.block1_conv1"]').fill("0.6")
    expect(panel.locator("h2")).to_contain_text("colour")
    panel.get_by_role("button", name="close").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="lab", exact=True)).to_have_attribute(
        "aria-expanded", "false"
    )
    count = len(asked)
    page.wait_for_timeout(1200)
    assert len(asked) == count  # nothing is drawn that nobody sees
