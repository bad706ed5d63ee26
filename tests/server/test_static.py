"""The page's files as they are served."""

import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from styletune.files import web_folder
from styletune.server.static import page_routes

MAX_BYTES = 120_000
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg"}
FILES = sorted(
    path.relative_to(web_folder()).as_posix()
    for path in web_folder().rglob("*")
    if path.suffix in KINDS
)


def served(folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=page_routes(folder)))
    return httpx.AsyncClient(transport=transport, base_url="http://page")


async def test_page_takes_at_most_120_kb_on_its_way() -> None:
    async with served(web_folder()) as page:
        # The gallery is a page of its own: tests/web/page.test.js bounds it.
        names = [name for name in FILES if not name.startswith("gallery")]
        answers = [await page.get(f"/web/{name}") for name in names]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.num_bytes_downloaded for answer in answers) <= MAX_BYTES


@pytest.mark.parametrize("name", FILES)
async def test_file_is_revalidated(name: str) -> None:
    async with served(web_folder()) as page:
        first = await page.get(f"/web/{name}")
        assert first.headers["content-type"].startswith(KINDS[Path(name).suffix])
        assert first.headers["cache-control"] == "no-cache"
        again = await page.get(f"/web/{name}", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        head = await page.head(f"/web/{name}")
        assert head.headers["content-length"] == str(len(first.content))


@pytest.mark.parametrize("path", ["/", "/stage", "/gallery", "/web/index.html"])
async def test_page_is_compressed(path: str) -> None:
    async with served(web_folder()) as page:
        packed = await page.get(path)
        plain = await page.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 2


async def test_small_files_and_pictures_are_not_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("export {};")
    (tmp_path / "a.png").write_bytes(bytes(1000))
    async with served(tmp_path) as page:
        for name in ("a.js", "a.png"):
            assert "content-encoding" not in (await page.get(f"/web/{name}")).headers


async def test_changed_file_is_served_at_once(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    async with served(tmp_path) as page:
        script.write_text("export const a = 1;")
        first = await page.get("/web/a.js")
        script.write_text("export const a = 2;")
        os.utime(script, ns=(0, script.stat().st_mtime_ns + 1_000_000))
        second = await page.get("/web/a.js", headers={"if-none-match": first.headers["etag"]})
    assert (first.text, second.text) == ("export const a = 1;", "export const a = 2;")
