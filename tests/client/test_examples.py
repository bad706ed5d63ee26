"""The programs of examples/ and the README's script, run as they are, on a stand-in server."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from styletune.config import load
from tests.support.sweep_process import TOKEN, serving
from tools.reference import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as url:
        yield url.rstrip("/")


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=240, check=False,
        env=os.environ | {"STYLETUNE_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(name: str, folder: Path, *arguments: str) -> list[str]:
    return run([sys.executable, str(EXAMPLES / name), *arguments], folder).splitlines()


def test_sweep_by_hand_saves_its_pictures(url: str, tmp_path: Path) -> None:
    lines = run_python("sweep_by_hand.py", tmp_path, url)
    assert [line.split()[0] for line in lines] == ["0.2", "0.5", "0.8"]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"block3-0.2.png", "block3-0.5.png", "block3-0.8.png", "settled.png"}
    with Image.open(tmp_path / "settled.png") as picture:
        assert picture.size == (48, 32)


def test_follow_epochs_names_a_term(url: str, tmp_path: Path) -> None:
    lines = run_python("follow_epochs.py", tmp_path, url, "3")
    assert len(lines) == 3
    for line in lines:
        assert re.fullmatch(r"step \d+: loss [\d.e+-]+, (content|style)\.block\d_conv\d \d+%", line)


def test_scene_morph_saves_each_scene(url: str, tmp_path: Path) -> None:
    lines = run_python("scene_morph.py", tmp_path, url, "2", "0.2")
    assert lines == ["wandering 1", "wandering 2"]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"wandering-1.png", "wandering-2.png"}


def test_the_javascript_example_paints(url: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    # Its WebSocket is global from 22 on, and the same before behind a flag.
    flags = [] if int(version.stdout[1:3]) >= 22 else ["--experimental-websocket"]
    command = [node, "--no-warnings", *flags, str(EXAMPLES / "paint.mjs"), url]
    steps, total = run(command, tmp_path).split()
    assert steps == "100"
    assert float(total) > 0


def test_the_session_file_is_one(tmp_path: Path) -> None:
    assert load(EXAMPLES / "evening.toml").pictures.content == "mountains"


def test_the_script_of_the_readme_paints(url: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    run([sys.executable, "-c", code.replace("http://localhost:8018", url)], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["settled.png"]
