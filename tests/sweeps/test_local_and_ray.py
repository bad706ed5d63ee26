"""Sweeps without a server of others: the real engine, `lite` at a small size."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.images.png_metadata import read_session

pytestmark = pytest.mark.long

SWEEP = """
steps = 12
seeds = [1, 2]
[[axes]]
control = "smooth"
values = [0, 0.5]
[[axes]]
control = "style.master"
values = [0.3, 0.6]
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("plan") / "sweep.toml"
    file.write_text(SWEEP)
    return file


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def local(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("local") / "out"
    done = run("styletune", "sweep", file, "--local", "--size", "64", "--init", "noise", "-o", out)
    assert "8 points × 12 steps" in done.stderr
    return out


def painted(folder: Path, index: int) -> np.ndarray:
    path = folder / f"points/{index + 1:04}.png"
    assert read_session(path.read_bytes(), str(path)).pictures.styles
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def results(folder: Path) -> list[dict]:
    lines = (folder / "results.jsonl").read_text().splitlines()
    return sorted(map(json.loads, lines), key=lambda result: result["index"])


def test_local_paints_every_point_from_its_seed(local: Path) -> None:
    found = results(local)
    assert [result["steps"] for result in found] == [12] * 8
    assert [result["seed"] for result in found] == [1, 2] * 4
    assert len({result["total"] for result in found}) == 8
    assert (local / "sheet-1-seed-1.png").is_file()
    assert (local / "sheet-2-seed-2.png").is_file()
    first, other = painted(local, 0), painted(local, 1)
    assert np.abs(first - other).mean() > 5  # another seed, another noise


def test_two_actors_paint_the_same_though_one_is_lost(
    file: Path, local: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "out"
    told = json.loads(run("tests.support.sweep_on_ray", file, out, "64").stdout)
    pids = [about["pid"] for about in told["before"]]
    assert len(set(pids)) == 2
    assert told["rate"] > 0
    assert told["steps"] == {str(index): [10] for index in range(8)}  # of 12: how far it is
    after = told["after"]
    assert after[0]["pid"] == pids[0]
    assert after[1]["pid"] != pids[1]  # killed, and started again by Ray
    assert [about["built"] for about in after] == [1, 1]  # once, not once for each point
    ours, theirs = results(local), results(out)
    assert [result["key"] for result in theirs] == [result["key"] for result in ours]
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        # Bit by bit, and the whole table too.
        np.testing.assert_array_equal(painted(out, index), painted(local, index))
        assert (other["total"], other["terms"]) == (one["total"], one["terms"])


SWITCHED = """
steps = 60
[[axes]]
control = "size"
values = [64, 96]
in = "value"
[[axes]]
control = "optimizer"
values = ["adam", "gd"]
"""
OF_THE_SESSION = ("--size", "64", "--init", "noise")


def sweep(file: Path, out: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "styletune", "sweep", str(file), "-o", str(out)]
    return [*command, *arguments, *OF_THE_SESSION]


def interrupted(command: list[str], out: Path) -> str:
    """Begin a sweep, and press Ctrl-C once a point is done: all of the terminal gets it."""
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        end = time.monotonic() + 280
        while not (out / "results.jsonl").exists() or not results(out):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command goes on from there" in said
    return said


def test_sizes_and_optimizers_are_swept_and_ray_is_interrupted(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    file = tmp_path / "switched.toml"
    file.write_text(SWITCHED)
    run("styletune", *sweep(file, tmp_path / "local", "--local")[3:])
    ours = results(tmp_path / "local")
    assert [max(result["width"], result["height"]) for result in ours] == [64, 64, 96, 96]
    assert [result["controls"]["optimizer"] for result in ours] == ["adam", "gd"] * 2
    assert len({result["total"] for result in ours}) == 4
    for index, result in enumerate(ours):
        assert painted(tmp_path / "local", index).shape == (result["height"], result["width"], 3)
    assert "lite, 64 to 96 px" in (tmp_path / "local" / "index.html").read_text()

    out = tmp_path / "ray"
    command = sweep(file, out, "--ray", "--actors", "2")
    said = interrupted(command, out)
    assert "4 points × 60 steps, about" in said
    kept = (out / "results.jsonl").read_text()
    assert 1 <= len(kept.splitlines()) < 4
    again = run("styletune", *command[3:])
    assert f"({len(kept.splitlines())} " in again.stderr
    assert (out / "results.jsonl").read_text().startswith(kept)
    for index, (one, other) in enumerate(zip(ours, results(out), strict=True)):
        np.testing.assert_array_equal(painted(out, index), painted(tmp_path / "local", index))
        assert (other["total"], other["terms"]) == (one["total"], one["terms"])
