"""Sweeps without a server of others: the real engine, `lite` at a small size."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
    with Image.open(folder / f"points/{index + 1:04}.png") as picture:
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


def test_two_actors_paint_the_same_and_a_lost_ones_point_is_painted_again(
    file: Path, local: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "out"
    told = json.loads(run("tests.sweeps.on_ray", file, out, "64").stdout)
    pids = [about["pid"] for about in told["before"]]
    assert len(set(pids)) == 2
    assert told["rate"] > 0
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
