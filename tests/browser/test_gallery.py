"""The gallery: a picture seen in all looks, and one of them opened on the desk."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from styletune.looks import file as look_file
from tests.browser.live_server import LiveServer, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.long]  # Keras makes the look


def test_a_picture_is_seen_in_all_looks_and_one_is_opened_on_the_desk(
    window: tuple[BrowserContext, list[str]], server: LiveServer, look_path: Path
) -> None:
    looks = server.log.parent / "data" / "looks"
    looks.mkdir(exist_ok=True)
    for name in ("dusk", "dawn"):
        shutil.copyfile(look_path, looks / f"{name}.keras")
    (looks / "torn.keras").write_bytes(b"torn")
    count = len(look_file.shipped()) + 2
    context, errors = window
    page = context.new_page()
    page.goto(server.url.replace("/?", "/gallery?"))
    tiles = page.locator("#tiles li")
    expect(tiles).to_have_count(count)
    expect(page.locator("#damaged li")).to_contain_text("torn: not a look, or damaged")

    upload = io.BytesIO()
    Image.linear_gradient("L").resize((300, 200)).save(upload, "PNG")
    picture = {"name": "slope.png", "mimeType": "image/png", "buffer": upload.getvalue()}
    page.locator("#file").set_input_files(picture)
    expect(page.locator("#status")).to_have_text(f"slope.png, in {count} looks")
    for tile in tiles.all():
        alt = tile.locator("img").get_attribute("alt")
        assert alt
        assert alt.startswith("slope.png, painted by ")

    tiles.get_by_role("button", name="dusk").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("dusk")
    expect(dialog.locator(".state")).to_have_text("")  # in its larger size
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).not_to_have_text("dusk")
    page.keyboard.press("ArrowLeft")
    with page.expect_download() as download:
        dialog.get_by_text("save").click()
    assert download.value.suggested_filename == "slope-dusk.jpg"
    dialog.get_by_text("open on the desk").click()
    page.wait_for_url(server.base + "/")
    state = server.state()
    assert (state["pictures"]["content"]["name"], state["controls"]["look"]) == ("slope.png", True)
    wait_until("the look's name", lambda: server.state()["state"]["look"] == "dusk")
    page.close()
    server.send({"type": "set", "controls": {"look": False}})
    assert errors == []
