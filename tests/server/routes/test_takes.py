"""The takes over a real socket: listed, renamed, downloaded, deleted; the last hour, kept."""

import json
import shutil
from pathlib import Path

import pytest

from styletune.files import printable
from styletune.server.takes import TakeLibrary
from styletune.takes import writer
from styletune.takes.lines import Frame, Move, SourcePicture, Start, encode, read
from tests.support.web_process import VIEWER, Running, running

A, B = (SourcePicture(name=name, pixels=digit * 64) for name, digit in (("ä", "a"), ("b", "b")))
URL = "/api/takes"


def start(time: float, *styles: SourcePicture, goes_on: bool = False) -> bytes:
    line = Start(
        time=time, step=3, styletune="1", session={}, positions={}, rev=2, content=A,
        styles=styles, size=64, scales={}, random={}, goes_on=goes_on,
    )  # fmt: skip
    return encode(line)


def frame(time: float) -> bytes:
    return encode(Frame(time=time, step=4))


def keep_pictures(folder: Path, *pictures: SourcePicture) -> None:
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        (folder / "pictures" / f"{picture.pixels[:32]}.png").write_bytes(b"png")


def pictures(folder: Path) -> set[str]:
    return {path.name[0] for path in (folder / "pictures").iterdir()}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Of two takes, and of the last hour."""
    takes, recent = tmp_path / "takes", tmp_path / "recent"
    keep_pictures(takes, A, B)
    (takes / "one.jsonl").write_bytes(start(10, A) + frame(12))
    (takes / "two é.jsonl").write_bytes(start(20, B) + frame(22.5) + b'{"type":"fr')
    recent.mkdir()
    return takes, recent


async def listed(server: Running, **headers: str) -> dict[str, dict[str, object]]:
    answer = (await server.http.get(URL, headers=headers)).json()
    return {take["name"]: take for take in answer["takes"]}


async def test_takes_are_listed_renamed_and_downloaded(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    takes, recent = folders
    (takes / "torn.jsonl").write_bytes(b"torn\n")
    (takes / "empty.jsonl").touch()
    (takes / ".one.jsonl.abcdefgh").write_bytes(b"half")
    (takes / "folder.jsonl").mkdir()
    async with running(tmp_path, takes=TakeLibrary(takes, recent)) as server:
        found = await listed(server, **VIEWER)
        assert list(found)[-2:] == ["two é", "one"], "newest first"
        assert found["two é"] == {
            "name": "two é", "time": 20, "length_s": 2.5, "size": 64, "pictures": ["ä", "b"],
            "bytes": (takes / "two é.jsonl").stat().st_size, "recording": False, "error": "",
        }  # fmt: skip
        assert found["torn"]["error"] == "is damaged, or no take: it is no JSON"
        assert found["empty"]["error"] == "is empty"
        assert found.keys() == {"one", "two é", "torn", "empty"}
        answer = (await server.http.get(URL)).json()
        assert (answer["player"], answer["recent_s"], answer["reason"]) == (True, 0, "")

        got = await server.http.get(f"{URL}/two é.jsonl")
        assert got.content == start(20, B) + frame(22.5), "whole lines only"
        assert got.headers["content-disposition"] == (
            "attachment; filename*=UTF-8''two%20%C3%A9.jsonl"
        )
        (takes / "two é.jsonl").rename(takes / "two.jsonl")
        changed = await server.http.patch(f"{URL}/two", json={"name": " the finale. "})
        assert (changed.status_code, changed.json()["name"]) == (200, "the finale")
        assert (takes / "the finale.jsonl").exists()
        for body, status, why in (
            ({"name": "one"}, 409, "there is a take `one` already"),
            ({"name": "../one"}, 422, "a take's name is 1 to 40 letters"),
            ({"name": "x" * 41}, 422, "a take's name is 1 to 40 letters"),
            ({"nam": "x"}, 422, "`name`"),
        ):
            answer = await server.http.patch(f"{URL}/the finale", json=body)
            assert (answer.status_code, answer.json()["message"][: len(why)]) == (status, why)
        same = await server.http.patch(f"{URL}/the finale", json={"name": "the finale"})
        assert same.status_code == 200
        outside = tmp_path / "outside.jsonl"
        outside.write_bytes(start(1, A))
        for name in ("nothing", "..%2Foutside", "%2e%2e%2foutside", ".one", "folder"):
            for method, path in (("GET", f"{name}.jsonl"), ("PATCH", name), ("DELETE", name)):
                url = f"{URL}/{path}"
                answer = await server.http.request(method, url, content='{"name": "x"}')
                assert answer.status_code == 404, (method, name)
        assert outside.exists()
        for method, path in (("GET", "one.jsonl"), ("PATCH", "one"), ("DELETE", "one")):
            answer = await server.http.request(
                method, f"{URL}/{path}", content='{"name": "x"}', headers=VIEWER
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "view_only")


async def test_a_deleted_take_takes_along_the_pictures_that_no_other_needs(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    takes, recent = folders
    own = takes / "pictures" / "my own.png"
    own.write_bytes(b"png")
    async with running(tmp_path, takes=TakeLibrary(takes, recent)) as server:
        writer.set_current_take(recent, "one.jsonl")
        assert (await listed(server))["one"]["recording"]
        for method in ("PATCH", "DELETE"):
            answer = await server.http.request(method, f"{URL}/one", content='{"name": "x"}')
            assert (answer.status_code, answer.json()["code"]) == (409, "recording")
            assert answer.json()["message"] == (
                "the take `one` is being recorded: end the recording first"
            )
        writer.set_current_take(recent, "")
        assert (await server.http.delete(f"{URL}/two é")).status_code == 204
        assert pictures(takes) == {"a", "m"}
        (takes / "new.jsonl").write_bytes(start(30, B))
        keep_pictures(takes, B)
        writer.set_current_take(recent, "new.jsonl")
        assert (await server.http.delete(f"{URL}/one")).status_code == 204
        assert pictures(takes) == {"a", "b", "m"}, "what is being recorded may need any"
        writer.set_current_take(recent, "")
        assert (await server.http.delete(f"{URL}/new")).status_code == 204
        assert pictures(takes) == {"m"}
        assert await listed(server) == {}


async def test_the_last_hour_is_kept_as_a_take(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    takes, recent = folders
    async with running(tmp_path, takes=TakeLibrary(takes, recent)) as server:
        nothing = await server.http.post(URL, json={"recent": True})
        assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_recorded")
        keep_pictures(recent, A, B)
        for number, lines in enumerate((
            start(100, A) + frame(150) + b'{"type":"fra',  # its worker was killed
            b"",  # the disk was full
            start(400, A) + encode(Move(time=401, step=5, rev=3, set={"smooth": 0.5})),
            start(700, A, goes_on=True) + frame(702) + b"{",  # being written
        )):  # fmt: skip
            (recent / f"{number + 7:09}.jsonl").write_bytes(lines)
        (takes / "pictures" / f"{A.pixels[:32]}.png").unlink()
        (takes / "pictures" / f"{B.pixels[:32]}.png").unlink()
        assert (await server.http.get(URL)).json()["recent_s"] == 602
        kept = await server.http.post(URL, json={"recent": True, "name": "encore"})
        assert kept.status_code == 201
        assert (kept.json()["name"], kept.json()["length_s"]) == ("encore", 602)
        lines = list(read(takes / "encore.jsonl"))
        assert [line.time for line in lines] == [100, 150, 400, 401, 700, 702]
        assert pictures(takes) == {"a"}, "those that it needs"
        taken = await server.http.post(URL, json={"recent": True, "name": "encore"})
        assert taken.status_code == 409
        again = await server.http.post(URL, json={"recent": True})
        assert again.json()["name"].startswith("last hour, 20")
        for body in ("", '{"recent": false}', '{"recent": true, "name": 1}'):
            assert (await server.http.post(URL, content=body)).status_code == 422
        shutil.rmtree(takes / "pictures")
        (takes / "pictures").touch()
        before = set(takes.iterdir())
        full = await server.http.post(URL, json={"recent": True, "name": "more"})
        assert (full.status_code, full.json()["message"]) == (
            507, "the last hour cannot be kept: File exists",
        )  # fmt: skip
        assert set(takes.iterdir()) == before


async def test_without_a_folder_nothing_is_recorded(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        answer = (await server.http.get(URL)).json()
        assert (answer["takes"], answer["reason"]) == (
            [], "nothing is recorded here: this server has no folder for takes",
        )  # fmt: skip
        refused = await server.http.post(URL, json={"recent": True})
        assert (refused.status_code, refused.json()["message"]) == (409, answer["reason"])


def test_names_that_are_no_utf_8_are_shown(tmp_path: Path) -> None:
    name = b"caf\xe9.jsonl".decode(errors="surrogateescape")
    (tmp_path / name).write_bytes(start(1, A))
    (entry,) = TakeLibrary(tmp_path, None)._list()
    assert entry.name == printable("caf\udce9")
    assert json.loads(entry.text)["name"] == entry.name
