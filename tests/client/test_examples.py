"""The README's examples, run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.readme import README
from tests.sweeps.test_sweep import TOKEN, serving

TEXT = README.read_text(encoding="utf-8")


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)
    return str(found)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as url:
        yield url.rstrip("/")


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=240, check=False,
        env=os.environ | {"STYLETUNE_TOKEN": TOKEN, "PYTHONPATH": str(README.parent)} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_example_paints(url: str, tmp_path: Path) -> None:
    code = example("python").replace("http://localhost:8018", url)
    said = run([sys.executable, "-c", code], tmp_path)
    assert [line.split()[0] for line in said.splitlines()] == ["0.2", "0.5", "0.8"]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"block3-0.2.png", "block3-0.5.png", "block3-0.8.png", "settled.png"}
    with Image.open(tmp_path / "settled.png") as picture:
        assert picture.size == (48, 32)


def test_the_javascript_example_paints(url: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    (tmp_path / "example.mjs").write_text(example("js"))
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    # Its WebSocket is global from 22 on, and the same before behind a flag.
    flags = [] if int(version.stdout[1:3]) >= 22 else ["--experimental-websocket"]
    said = run([node, "--no-warnings", *flags, "example.mjs"], tmp_path, STYLETUNE_URL=url)
    steps, total = said.split()
    assert steps == "100"
    assert float(total) > 0
