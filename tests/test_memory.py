"""What a painting takes and what is free: figures that were measured, limits of groups by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

from styletune import memory
from styletune.cli import doctor
from styletune.config import SessionConfig
from styletune.errors import ConfigError
from styletune.memory import GROUPS
from styletune.networks import NETWORKS
from tests.cli.running import styletune_here

GB = 10**9


def session(network: str = "lite", size: int = 256, optimizer: str = "adam") -> SessionConfig:
    return SessionConfig().with_overrides(
        network={"name": network},
        pictures={"size": size},
        optimizer={"name": optimizer},
        engine={"device": "cpu"},
    )


def estimate_mib(network: str, size: int, optimizer: str = "adam") -> float:
    layers = session(network).network.selected_layers
    return memory.estimate_bytes(network, layers, size, size * 3 // 4, optimizer) / 2**20


# Peaks of `styletune paint harbour woodcut`, as the module has them.
@pytest.mark.parametrize(
    ("network", "size", "optimizer", "peak_mib"),
    [
        ("lite", 256, "adam", 690),
        ("lite", 512, "adam", 807),
        ("lite", 1024, "adam", 1504),
        ("lite", 1024, "lbfgs", 1337),
        ("lite", 2048, "adam", 2990),
        ("vgg19", 256, "adam", 811),
        ("vgg19", 512, "adam", 1373),
        ("vgg19", 768, "adam", 1742),
    ],
)
def test_estimates_are_near_what_was_measured(
    network: str, size: int, optimizer: str, peak_mib: int
) -> None:
    assert 0.9 < estimate_mib(network, size, optimizer) / peak_mib < 1.35


@pytest.mark.long  # a process that paints
def test_estimate_is_near_the_peak_of_a_painting(tmp_path: Path) -> None:
    words = ["paint", "harbour", "woodcut", "-o", str(tmp_path / "out.png"), "--device", "cpu"]
    # By a small process: a peak counts from before `exec`, and this one may be large.
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    paint = [sys.executable, "-m", "styletune", *words, "--size", "512", "--steps", "4"]
    peak = subprocess.run(
        [sys.executable, "-c", program, *paint], check=True, capture_output=True
    ).stdout
    peak_mib = int(peak) / (1024 if sys.platform == "linux" else 2**20)
    assert 0.75 < estimate_mib("lite", 512, "lbfgs") / peak_mib < 1.35


def test_largest_size_is_the_last_that_is_not_refused() -> None:
    for network, free in (("lite", 2 * GB), ("vgg19", 4 * GB)):
        played = session(network)
        largest = memory.largest_size(played, (4, 3), free)
        assert 256 < largest < 4096
        memory.check_size(played, largest, largest * 3 // 4, free=free)
        with pytest.raises(ConfigError, match=f"largest size that fits is {largest} px"):
            memory.check_size(played, largest + 8, (largest + 8) * 3 // 4, free=free)
    assert memory.largest_size(session(), free=100 * GB) == 4096
    assert memory.largest_size(session(), free=GB // 10) == 0


def test_refusal_names_the_estimate_what_is_free_and_what_fits() -> None:
    with pytest.raises(ConfigError) as refused:
        memory.check_size(session("vgg19"), 4096, 3072, free=5 * GB)
    assert str(refused.value) == (
        "a painting of 4096 × 3072 px by vgg19 takes about 49.5 GB of memory, and 5.0 GB are "
        "free: the largest size that fits is 1144 px"
    )
    with pytest.raises(ConfigError, match=r"0\.1 GB are free: end other programs"):
        memory.check_size(session(), 256, 192, free=GB // 10)


def test_what_the_process_has_already_is_not_needed_again() -> None:
    free = GB // 3
    with pytest.raises(ConfigError):
        memory.check_size(session(), 256, 192, free=free)
    memory.check_size(session(), 256, 192, free=free, held=memory.PROCESS_BYTES)


def test_films_side_by_side_need_room_for_all_of_them() -> None:
    memory.check_size(session(), 768, 576, free=3 * GB // 2)
    message = r"8 paintings of 768 × 576 px by lite take about 1\.8 GB .*that fits is (\d+) px"
    with pytest.raises(ConfigError, match=message) as refused:
        memory.check_size(session(), 768, 576, free=3 * GB // 2, count=8)
    largest = memory.largest_size(session(), (768, 576), 3 * GB // 2, count=8)
    assert f"fits is {largest} px" in str(refused.value)
    assert 512 < largest < 768


def test_paint_refuses_what_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2 * GB)
    out = tmp_path / "out.png"
    words = ("paint", "harbour", "woodcut", "-o", out, "--device", "cpu", "--size", "4096")
    done = styletune_here(*words)
    assert done.returncode == 2
    assert "4096 × 3072 px by lite takes about" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_doctor_says_how_large_each_network_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 * GB)
    name, passed, finding = doctor._largest_sizes(session(), 3 * GB)
    assert (name, passed) == ("largest size", True)
    sizes = dict(part.split(" ", 1) for part in finding.split(", ") if part.endswith(" px"))
    assert list(sizes) == list(NETWORKS)
    assert sizes["lite"] == f"{memory.largest_size(session(), free=3 * GB)} px"
    assert finding.endswith(", for a square on the processor")
    _, passed, finding = doctor._largest_sizes(session("vgg19", 4096), 3 * GB)
    assert passed is False
    assert "; a painting of 4096 × 3072 px by vgg19 takes about" in finding


def test_serve_falls_down_to_a_size_that_fits() -> None:
    played = session(size=2048)
    smaller, why = memory.fit_session(played, free=3 * GB)
    largest = memory.largest_size(played, (4, 3), 3 * GB - 450 * 2**20)
    assert smaller.pictures.size == 1024 < largest < 1440
    assert smaller.model_copy(update={"pictures": played.pictures}) == played
    assert why.startswith("a painting of 2048 px by lite takes about 4.1 GB of memory, and 3.0 GB")
    assert why.endswith("it is painted at 1024 px")
    assert memory.fit_session(smaller, free=3 * GB) == (smaller, "")
    # The control's size, not the session's, is what is painted at.
    table = session().table()
    moved = session().model_copy(update={"controls": {"size": table["size"].position(1024)}})
    smaller, _ = memory.fit_session(moved, free=2 * GB)
    assert (smaller.pictures.size, smaller.controls) == (728, {})
    assert memory.fit_session(session(), free=0)[0].pictures.size == 32


def test_shape_is_the_contents_or_a_square(tmp_path: Path) -> None:
    assert memory.content_shape(session()) == (896, 672)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    for content in (tmp_path / "bad.jpg", tmp_path / "none.jpg", tmp_path):
        odd = session().with_overrides(pictures={"content": str(content)})
        assert memory.content_shape(odd) == (1, 1)


@pytest.mark.parametrize(
    ("groups", "files", "left"),
    [
        (  # version 2: its own limit, and that of the group around it
            "0::/a/b\n",
            {
                "a/b/memory.max": "max\n", "a/b/memory.current": "70\n", "a/b/memory.stat": "",
                "a/memory.max": "1000\n", "a/memory.current": "700\n",
                "a/memory.stat": "anon 600\ninactive_file 50\n",
            },
            [350],
        ),
        ("0::/\n", {"memory.max": "100", "memory.current": "150", "memory.stat": ""}, [0]),
        (
            "4:memory:/docker/a\n1:cpu:/x\n",
            {
                "memory/memory.limit_in_bytes": "900", "memory/memory.usage_in_bytes": "500",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 100\n",
            },
            [500],
        ),
        ("0::/a\n", {"a/memory.max": "12", "a/memory.current": "?"}, []),
    ],
)  # fmt: skip
def test_limits_of_groups(
    tmp_path: Path, groups: str, files: dict[str, str], left: list[int]
) -> None:
    (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        (tmp_path / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / name).write_text(text)
    assert list(memory.left_in_groups(tmp_path / "cgroup", tmp_path / "mount")) == left
    assert list(memory.left_in_groups(tmp_path / "none", tmp_path / "mount")) == []


def test_this_machine_has_memory() -> None:
    assert memory.available_bytes() > 0
    assert GROUPS.exists() == bool(list(memory.control_groups())) or sys.platform != "linux"
