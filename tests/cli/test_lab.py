"""`styletune lab`: the whole page, options, and Ctrl-C."""

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.running import styletune_here

SMALL = ("--size", "64", "--layers", "block2_conv1@2", "block1_conv1")
FIGURES = 9


def pictures_of(out: Path) -> list[str]:
    """Those that the page shows, each of which is there, whole, with words for who cannot see."""
    text = (out / "index.html").read_text(encoding="utf-8")
    images = re.findall(r'<img src="([^"]+)" alt="([^"]+)">', text)
    assert text.count("<img") == len(images)
    for name, _ in images:
        with Image.open(out / name) as picture:
            picture.load()
    assert {out / name for name, _ in images} == set((out / "pictures").iterdir())
    return [name for name, _ in images]


def test_lab_writes_a_whole_page(tmp_path: Path) -> None:
    out = tmp_path / "lab"
    options = ("--steps", "6", "--optimizer", "adam", "--schedule", "cosine")
    done = styletune_here("lab", "harbour", "strokes", "-o", out, *SMALL, *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"{out / 'index.html'} in " in done.stderr
    assert len(pictures_of(out)) == 2 + 2 * FIGURES
    text = (out / "index.html").read_text(encoding="utf-8")
    assert text.index('id="block1_conv1"') < text.index('id="block2_conv1-2"')  # as computed
    assert "from noise, 6 steps" in text
    assert "adam, learning rate cosine" in text
    assert "not painted" not in text


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_a_whole_page(tmp_path: Path) -> None:
    out = tmp_path / "lab"

    def interrupt() -> None:
        last = out / "pictures" / "block2_conv1-2-maps-style.png"
        until = time.monotonic() + 60
        while not last.exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    command = ("lab", "harbour", "strokes", "-o", out, *SMALL, "--optimizer", "gd")
    done = styletune_here(*command, "--steps", "1000000")
    thread.join()
    assert done.returncode == 130, done.stderr
    assert done.stderr.rstrip().endswith("stopped")
    assert len(pictures_of(out)) == 2 + 2 * FIGURES - 3  # the first is kept as far as it came
    text = (out / "index.html").read_text(encoding="utf-8")
    assert text.count("not painted") == 3
    assert re.search(r"from noise, \d{1,5} steps", text)


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("--steps", "0"), 2, "--steps must be at least 1; received 0"),
        (("--layers", "block9"), 2, "no layer `block9`; there are block1_conv1"),
        (("--size", "8"), 2, "32"),
        (("--size", "32"), 1, "needs both edges at least 32 px; received 32 × 24"),
    ],
)
def test_bad_options_are_a_sentence(
    tmp_path: Path, options: tuple[str, ...], code: int, why: str
) -> None:
    done = styletune_here("lab", "harbour", "strokes", "-o", tmp_path / "lab", *options)
    assert done.returncode == code
    assert why in done.stderr
    assert not list(tmp_path.rglob("*.png"))


def test_folder_of_other_things_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = styletune_here("lab", "harbour", "strokes", "-o", tmp_path)
    assert done.returncode == 2
    assert "holds other files; name a new folder with -o" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
