"""`styletune sweep` as a person runs it, on a real server with a painter of known behaviour."""

import csv
import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from styletune.client import connect as async_connect
from styletune.client.sync import connect
from styletune.errors import RefusedError, UnreachableError
from styletune.images.png_metadata import read_session
from styletune.sweeps.backends.server import Job, ServerBackend
from styletune.sweeps.points import lay_out
from styletune.sweeps.spec import load
from tests.support.sweep_process import (
    PATIENCE_S,
    TOKEN,
    command,
    results,
    serving,
    sweep,
    sweep_here,
    until,
)

SWEEP = """
steps = 40
[[axes]]
control = "content.block1_conv1"
values = [0, 0.5, 1]
[[axes]]
control = "smooth"
values = [0.2, 0.4]
"""
LONG = 'steps = 400\n[[axes]]\ncontrol = "smooth"\nfrom = 0\nto = 1\ncount = 6\n'


def test_everything_lies_in_one_folder(tmp_path: Path, url: str) -> None:
    with connect(url, token=TOKEN) as play:
        before = play.controls
        out = tmp_path / "out"
        done = sweep(tmp_path, SWEEP, str(out), "--url", url)
        assert done.returncode == 0, done.stderr
        until(lambda: play.controls == before)  # put back as it was found
    assert done.stdout == ""
    assert "6 points × 40 steps, about" in done.stderr
    assert "20 steps a second" in done.stderr
    found = results(out)
    assert [result["index"] for result in found] == list(range(6))
    assert [result["labels"] for result in found[:2]] == [
        {"content.block1_conv1": "0", "smooth": "0.2"},
        {"content.block1_conv1": "0", "smooth": "0.4"},
    ]
    for result in found:
        with Image.open(out / result["file"]) as picture:
            red = picture.getpixel((0, 0))[0]
            state = json.loads(picture.text["styletune"])
        # The stand-in paints the fader's position: the picture is that of its setting.
        assert red == round(255 * result["controls"]["content.block1_conv1"])
        assert state["controls"] == result["controls"]
        assert state["sweep"]["key"] == result["key"]
        session = read_session((out / result["file"]).read_bytes(), result["file"])
        assert session.controls["smooth"] == result["controls"]["smooth"]
        assert session.network.name == "lite"
        assert result["steps"] == 40
        assert not result["disturbed"]
        assert {(t["layer"], t["term"]) for t in result["terms"]} >= {("block1_conv1", "style")}
    with (out / "results.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["swept smooth"] for row in rows] == ["0.2", "0.4"] * 3
    assert float(rows[4]["content.block1_conv1"]) == 1
    assert float(rows[0]["style.block1_conv1.weighted"]) == 1.0
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width > 300
    assert "<svg" in (out / "losses.svg").read_text()
    page = (out / "index.html").read_text()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)  # all of it is here
    assert not list(out.rglob(".*"))  # no temporary file stays


def test_the_same_command_again_finds_everything_done(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    assert sweep_here(tmp_path, SWEEP, str(out), "--url", url).returncode == 0
    before = (out / "results.jsonl").read_bytes()
    (out / "points" / "0003.png").unlink()
    again = sweep_here(tmp_path, SWEEP, str(out), "--url", url)
    assert again.returncode == 0, again.stderr
    assert "1 point × 40 steps (5 are done)" in again.stderr
    assert (out / "points" / "0003.png").is_file()
    assert (out / "results.jsonl").read_bytes().startswith(before)
    third = sweep_here(tmp_path, SWEEP, str(out), "--url", url)
    assert third.returncode == 0
    assert "all 6 points are painted already" in third.stderr


def test_ctrl_c_keeps_everything_and_the_same_command_goes_on(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    environment = os.environ | {"STYLETUNE_TOKEN": TOKEN}
    with subprocess.Popen(
        command(tmp_path, LONG, str(out), "--url", url),
        stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        until(lambda: (out / "results.jsonl").exists() and len(results(out)) >= 2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "the same command goes on from there" in said
    kept = results(out)
    assert 2 <= len(kept) < 6
    for name in ("results.csv", "sheet.png", "index.html"):
        assert (out / name).is_file()
    # A crash in the middle of a line does no harm either.
    with (out / "results.jsonl").open("a") as file:
        file.write('{"key": "cut sho')
    again = sweep_here(tmp_path, LONG, str(out), "--url", url)
    assert again.returncode == 0, again.stderr
    assert f"({len(kept)} are done)" in again.stderr
    lines = (out / "results.jsonl").read_text().splitlines()
    assert lines[: len(kept)] == [json.dumps(result, ensure_ascii=False) for result in kept]
    whole = [json.loads(line) for line in lines if not line.endswith("sho")]
    assert sorted(result["index"] for result in whole) == list(range(6))


@pytest.mark.long
def test_a_server_may_restart_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    out = tmp_path / "out"
    environment = os.environ | {"STYLETUNE_TOKEN": TOKEN}
    with ExitStack() as stack:
        with serving(tmp_path / "server") as url:
            arguments = command(tmp_path, LONG, str(out), "--url", url)
            process = stack.enter_context(
                subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment)
            )
            stack.callback(process.kill)
            until(lambda: (out / "results.jsonl").exists() and len(results(out)) >= 1)
        time.sleep(0.5)
        with serving(tmp_path / "server", urlsplit(url).port or 0):
            _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert sorted(result["index"] for result in results(out)) == list(range(6))


async def test_a_picture_that_the_server_lost_is_painted_again(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it ends between a point's last step and the fetching of its picture."""
    (tmp_path / "sweep.toml").write_text(SWEEP)
    spec = load(tmp_path / "sweep.toml")
    fetched, kept = [], []
    async with async_connect(url, token=TOKEN) as client, ServerBackend.open(client) as backend:
        real = client.png

        async def losing(*, run: int | None = None) -> bytes:
            fetched.append(run)
            if len(fetched) == 2:
                raise UnreachableError("gone")
            if len(fetched) == 3:
                raise RefusedError("no such run", code="no_such_run")
            return await real(run=run)

        monkeypatch.setattr(client, "png", losing)
        layout = lay_out(spec, backend.table, await backend.base(spec))
        jobs = [Job(p, f"{p.index}.png", 10, None, "reset") for p in layout.points()]
        await backend.paint(
            jobs, lambda *_: None, lambda result, png: kept.append((result.index, png))
        )
    assert sorted(index for index, _ in kept) == list(range(6))
    assert len(fetched) == 8
    for index, png in kept:
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.getpixel((0, 0))[0] == round(255 * [0, 0.5, 1][index // 2])


def test_a_disturbed_point_is_painted_again(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    environment = os.environ | {"STYLETUNE_TOKEN": TOKEN}
    with (
        connect(url, token=TOKEN) as play,
        subprocess.Popen(
            command(tmp_path, LONG.replace("count = 6", "count = 3"), str(out), "--url", url),
            stderr=subprocess.PIPE, text=True, env=environment,
        ) as process,
    ):  # fmt: skip
        until(lambda: (out / "results.jsonl").exists() and len(results(out)) >= 1)
        play.set({"content.block1_conv1": 1.0})
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    for result in results(out):
        assert not result["disturbed"]
        with Image.open(out / result["file"]) as picture:
            assert picture.getpixel((0, 0))[0] == 0


def test_a_full_disk_is_one_sentence_and_nothing_done_is_lost(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (14_000, 14_000))

    done = sweep(tmp_path, SWEEP, str(out), "--url", url, preexec_fn=small_files)
    assert done.returncode == 1
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("styletune: ")]
    assert line.startswith(f"styletune: cannot write {out}")
    assert "File too large; what was painted before is kept" in line
    assert "Traceback" not in done.stderr
    kept = [line for line in (out / "results.jsonl").read_text().splitlines() if line[-1:] == "}"]
    assert kept
    again = sweep_here(tmp_path, SWEEP, str(out), "--url", url)
    assert again.returncode == 0, again.stderr
    assert f"({len(kept)} are done)" in again.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "code", "told"),
    [
        ("steps = 5", [], 2, "the sweep is empty"),
        ("nonsense", [], 2, "not valid TOML"),
        ("steps = 5\nseeds = [1]\nfoo = 1", [], 2, "unknown key `foo`"),
        ('[[axes]]\ncontrol = "style.x"\nvalues = [1]', [], 2, "unknown control `style.x`"),
        ('[[axes]]\ncontrol = "smooth"\nvalues = [2]', [], 2, "must be in 0..1; received value=2"),
        (
            '[[axes]]\ncontrol = "smooth"\nfrom = 0\nto = 1\ncount = 900',
            [], 2, "this sweep is enormous: 900 points × 200 steps; add --yes",
        ),
        (
            '[[axes]]\ncontrol = "smooth"\nfrom = 0\nto = 1\ncount = 2\n'
            '[[axes]]\npicture = "style 3"\nvalues = ["strokes"]',
            [], 1, "there are styles 1 to 1, and at most 4; received 3",
        ),
        ('[[axes]]\npicture = "style 1"\nvalues = ["none.jpg"]', [], 1, "none.jpg: no such"),
        ("seeds = [1]", ["--size", "64"], 2, "--size is for --local and --ray"),
        ("seeds = [1]", ["--session", "s.toml"], 2, "--session is for --local and --ray"),
        ("seeds = [1]", ["--actors", "2"], 2, "--actors is at least 1, and for --ray"),
        ('base = "scene:none"\nseeds = [1]', [], 1, "none"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence_before_anything_is_painted(
    tmp_path: Path, url: str, text: str, arguments: list[str], code: int, told: str
) -> None:
    done = sweep_here(tmp_path, text, str(tmp_path / "out"), "--url", url, *arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out/points/*"))


def test_an_enormous_sweep_is_painted_with_yes(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    text = 'steps = 10\n[[axes]]\ncontrol = "smooth"\nfrom = 0\nto = 1\ncount = 501'
    with subprocess.Popen(
        command(tmp_path, text, str(out), "--url", url, "--yes"),
        stderr=subprocess.PIPE, text=True, env=os.environ | {"STYLETUNE_TOKEN": TOKEN},
    ) as process:  # fmt: skip
        until(lambda: (out / "results.jsonl").exists() and results(out))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "501 points × 10 steps, about" in said


@pytest.mark.parametrize(
    ("module", "backend", "error"),
    [
        ("ray", "--ray", "--ray needs Ray; run: pip install 'styletune[ray]'"),
        (
            "matplotlib",
            "--local",
            "a sweep's report needs matplotlib; run: pip install 'styletune[sweep]'",
        ),
    ],
)
def test_a_missing_extra_is_named_before_anything_is_painted(
    tmp_path: Path, module: str, backend: str, error: str
) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text("seeds = [1]")
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from styletune.cli.main import main; sys.exit(main())"
    )
    arguments = ["sweep", str(file), "-o", str(tmp_path / "out"), backend]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"styletune: {error}"
    assert not list(tmp_path.glob("out/points/*"))


def test_a_server_that_is_away_or_refuses(tmp_path: Path, url: str) -> None:
    wrong = sweep_here(tmp_path, SWEEP, str(tmp_path / "out"), "--url", url, token="wrong")
    assert wrong.returncode == 1
    assert "does not know this token" in wrong.stderr
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        none = sweep_here(tmp_path, SWEEP, str(tmp_path / "out"), "--url", nobody)
    assert none.returncode == 1
    assert f"no server answers at {nobody}" in none.stderr
    for done in (wrong, none):
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stderr


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, url: str) -> None:
    out = tmp_path / "out"
    assert sweep_here(tmp_path, SWEEP, str(out), "--url", url).returncode == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    other = sweep_here(tmp_path, SWEEP.replace("40", "50"), str(out), "--url", url)
    assert other.returncode == 1
    assert "the folder holds another sweep" in other.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    full = sweep_here(tmp_path, SWEEP, str(tmp_path / "full"), "--url", url)
    assert full.returncode == 1
    assert "the folder holds other files" in full.stderr
