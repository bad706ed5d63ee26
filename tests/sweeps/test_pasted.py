"""A setting of a sweep, copied from its page, is a scene of the server that gives it back."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from styletune.client.sync import connect
from tests.browser.live_server import chromium_path
from tests.support.sweep_process import PATIENCE_S, TOKEN, results, sweep_here

SWEEP = """
steps = 20
[[axes]]
alone = "style"
layers = ["block1_conv1", "block3_conv1"]
[[axes]]
control = "color"
values = ["luminance", "full"]
"""


expect.set_options(timeout=1000 * PATIENCE_S)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    done = sweep_here(folder, SWEEP, str(folder / "out"), "--url", url)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def copied(folder: Path) -> list[dict[str, Any]]:
    """The scene of each result, as the page has it to copy."""
    text = (folder / "index.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    return [result["scene"] for result in data["results"]]


def setting(result: dict[str, Any]) -> dict[str, Any]:
    """What a scene gives back: all but whether it is paused."""
    return {name: value for name, value in result["controls"].items() if name != "paused"}


def test_a_result_put_as_a_scene_restores_its_controls(swept: Path, url: str) -> None:
    with connect(url, token=TOKEN) as play:
        for scene, result in zip(copied(swept), results(swept), strict=True):
            answer = httpx.put(
                f"{url}api/scenes",
                json={"scenes": [scene]},
                headers={"Authorization": f"Bearer {TOKEN}"},
                trust_env=False,
                timeout=PATIENCE_S,
            )
            assert (answer.status_code, answer.json()) == (200, {"scenes": 1, "skipped": 0})
            play.recall(scene["name"])
            assert play.controls.items() >= setting(result).items()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    path = chromium_path()
    if path is None:
        assert not os.environ.get("STYLETUNE_REQUIRE_BROWSER"), "CI must run the browser tests"
        pytest.skip("no Chromium here: apt-get install chromium, or set STYLETUNE_CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        context = launched.new_context()
        context.set_default_timeout(1000 * PATIENCE_S)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context
        launched.close()


@pytest.mark.browser
def test_a_copied_scene_is_pasted_on_the_dashboard(
    swept: Path, url: str, browser: BrowserContext
) -> None:
    wanted = results(swept)[2]
    sheet = browser.new_page()
    sheet.goto((swept / "index.html").as_uri())
    tile = sheet.locator("figure").nth(2)
    tile.hover()
    tile.get_by_role("button", name="Copy scene").click()
    expect(sheet.get_by_role("status")).to_contain_text("Copied")
    name = copied(swept)[2]["name"]
    with connect(url, token=TOKEN) as play:
        play.set({"style.block3_conv1": 0.123, "color": "histogram"})
        page = browser.new_page()
        page.goto(f"{url}?token={TOKEN}")
        expect(page.locator("#scenes-panel .scene.new")).to_be_attached()
        page.locator("body").press("Control+v")
        expect(page.locator("#scenes-panel").get_by_text(name)).to_be_visible()
        play.recall(name)
        assert play.controls.items() >= setting(wanted).items()


@pytest.mark.browser
def test_arrows_lead_to_the_neighbours_of_a_large_picture(
    swept: Path, browser: BrowserContext
) -> None:
    names = [scene["name"] for scene in copied(swept)]
    sheet = browser.new_page()
    sheet.goto((swept / "index.html").as_uri())
    sheet.locator("figure .open").first.click()
    large = sheet.locator("dialog img")
    expect(large).to_have_attribute("alt", names[0])
    sheet.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("alt", names[1])
    sheet.get_by_role("button", name="the one before").click()
    sheet.keyboard.press("ArrowLeft")  # round the corner
    expect(large).to_have_attribute("alt", names[-1])
    expect(sheet.locator("dialog table")).to_contain_text("content block1_conv1")
    sheet.keyboard.press("Escape")
    expect(sheet.locator("dialog")).to_be_hidden()
