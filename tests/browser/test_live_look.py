"""A learned look plays the browser's camera, with the hands on the knobs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import drawn
from tests.browser.live_server import LiveServer, wait_until

pytestmark = pytest.mark.browser

# Keeps the camera's stream, for a test to unplug it.
KEEP_STREAM = """() => {
  const media = navigator.mediaDevices, open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => (window.stream = await open(wanted));
}"""
UNPLUG = "stream.getVideoTracks()[0].dispatchEvent(new Event('ended'))"


def test_a_camera_is_played_live_through_a_knob_and_painted_on(
    page: Page, server: LiveServer, window: tuple[BrowserContext, Any], look_path: Path
) -> None:
    looks = server.log.parent / "data/looks"
    looks.mkdir(parents=True, exist_ok=True)
    shutil.copy(look_path, looks)
    source, notice = page.locator("#live-source select"), page.locator("#notice")
    source.select_option("camera")
    expect(notice).to_contain_text("The camera was refused: allow it")
    assert server.state()["state"]["source"] == "content"
    expect(source).to_have_value("content")

    window[0].grant_permissions(["camera"])
    page.evaluate(KEEP_STREAM)
    body = json.dumps({"look": "small"}).encode()
    server.request("PUT", "/api/look", body, **{"Content-Type": "application/json"})
    expect(page.locator("#state")).to_have_text("live by small on ONNX Runtime")
    source.select_option("camera")
    wait_until("the camera", lambda: server.state()["state"]["source"] == "camera")
    first = server.epoch()
    later = wait_until(
        "its pictures", lambda: (e := server.epoch())["epoch"] > first["epoch"] + 5 and e
    )
    assert later["step"] == first["step"]

    rev = server.state()["rev"]
    page.locator("[data-control='style.block2_conv1'] input").first.press("End")
    wait_until("a picture of the moved knob", lambda: drawn(page)["rev"] > rev)
    assert server.epoch()["step"] == first["step"]

    page.keyboard.press("g")
    wait_until("steps from there", lambda: server.epoch()["step"] > first["step"])
    expect(page.locator("#state")).to_have_text("painting")
    page.keyboard.press("g")
    expect(page.locator("#state")).to_have_text("live by small on ONNX Runtime")

    page.evaluate(UNPLUG)
    expect(notice).to_contain_text("The camera has gone: it was unplugged")
    wait_until("the picture", lambda: server.state()["state"]["source"] == "content")
