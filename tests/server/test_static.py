"""The page's files as they are served."""

import os
from pathlib import Path

import httpx
import pytest

from styletune.files import web_folder
from styletune.server.static import PageFiles

MAX_BYTES = 120_000
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg"}
FILES = sorted(
    path.relative_to(web_folder()).as_posix()
    for path in web_folder().rglob("*")
    if path.suffix in KINDS
)


def served(folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(PageFiles(directory=folder))
    return httpx.AsyncClient(transport=transport, base_url="http://page")


async def test_all_of_the_page_takes_at_most_120_kb_unpacked() -> None:
    async with served(web_folder()) as page:
        page.headers["accept-encoding"] = "identity"
        answers = [await page.get(f"/{name}") for name in FILES]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(len(answer.content) for answer in answers) <= MAX_BYTES


@pytest.mark.parametrize("name", FILES)
async def test_a_file_is_what_it_says_and_sent_again_only_when_it_has_changed(name: str) -> None:
    async with served(web_folder()) as page:
        first = await page.get(name)
        assert first.headers["content-type"].startswith(KINDS[Path(name).suffix])
        assert first.headers["cache-control"] == "no-cache"
        again = await page.get(name, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        head = await page.head(name)
        assert head.headers["content-length"] == first.headers["content-length"]


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("a.css", "/* why */\n.a, .b {\n  margin: 0 1px;\n  & .c { top: 0 }\n}\n",
         ".a,.b{margin:0 1px;& .c{top:0}}"),
        ("a.css", "a:is(b, c) :is(d) { e: calc(1px + 2px) }",
         "a:is(b,c) :is(d){e:calc(1px + 2px)}"),
        ("a.html", "<p>\n    <b>1</b>\n    <i>2</i>\n</p>", "<p>\n<b>1</b>\n<i>2</i>\n</p>"),
        ("a.js", "// why\n/** @param {string} to */\nconst say = (to) => to + ` // ${1 + 1} `;",
         "const say=(to)=>to+` // ${1 + 1} `;"),
    ],
)  # fmt: skip
async def test_what_is_for_authors_stays_behind(
    tmp_path: Path, name: str, written: str, expected: str
) -> None:
    (tmp_path / name).write_text(written)
    async with served(tmp_path) as page:
        assert (await page.get(name)).text == expected


async def test_a_changed_file_is_served_at_the_next_reload(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    async with served(tmp_path) as page:
        script.write_text("export const a = 1;")
        first = await page.get("a.js")
        script.write_text("export const a = 2;")
        os.utime(script, ns=(0, script.stat().st_mtime_ns + 1_000_000))
        second = await page.get("a.js", headers={"if-none-match": first.headers["etag"]})
    assert (first.text, second.text) == ("export const a=1;", "export const a=2;")
