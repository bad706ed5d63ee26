"""Takes on the page: recorded by the transport's key, named, downloaded, kept, deleted."""

import pytest
from playwright.sync_api import Page, expect

from styletune.takes.lines import End, Move, Start, read
from tests.browser.live_server import LiveServer, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.long]  # a take of two seconds


def test_what_is_played_is_recorded_named_downloaded_and_deleted(
    page: Page, server: LiveServer
) -> None:
    key, rows = page.locator("#record"), page.locator("#takes li")
    page.keyboard.press("t")
    expect(key).to_have_attribute("aria-pressed", "true")
    expect(key).to_have_text("0:01")
    expect(page.locator("body")).to_have_class("recording")
    page.locator(".strip .fader input").first.press("ArrowUp")
    page.keyboard.press("Shift+T")  # while it is recorded it can be downloaded only
    expect(rows).to_contain_text("being recorded")
    expect(rows.get_by_label("name of the take")).to_be_disabled()
    page.keyboard.press("Escape")
    key.click()
    expect(key).to_have_text("record")
    page.locator("#takes-key").click()
    expect(rows).to_contain_text("by strokes, 128 px")

    name = rows.get_by_label("name of the take")
    name.fill("the finale")
    name.press("Enter")
    expect(rows).to_contain_text('styletune render "the finale" -o film.mp4 --size 1024')
    with page.expect_download() as download:
        rows.get_by_label("download the finale").click()
    assert download.value.suggested_filename == "the finale.jsonl"
    lines = list(read(download.value.path()))
    assert isinstance(lines[0], Start)
    assert isinstance(lines[-1], End)
    assert any(isinstance(line, Move) for line in lines)

    page.get_by_role("button", name="keep the last").click()
    expect(rows).to_have_count(2)
    rows.get_by_label("delete the finale").click()
    rows.get_by_label("delete the finale").click()
    expect(rows).to_have_count(1)
    takes = server.log.parent / "data" / "takes"
    wait_until("one file", lambda: len(list(takes.glob("*.jsonl"))) == 1)
    page.keyboard.press("Escape")
