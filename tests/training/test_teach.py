import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from styletune.cli.main import build_parser
from styletune.engine import weights
from styletune.errors import ConfigError, WeightsError
from styletune.networks import NETWORKS
from styletune.training import teach
from styletune.training.schedule import TrainingConfig
from styletune.training.trainer import Trainer
from tests.support.small_trainer import small_config, small_teacher

LAYERS = NETWORKS["lite"].layers


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    arrays = {}
    for layer, (kernel, bias) in zip(LAYERS, small_teacher(), strict=True):
        arrays |= {f"{layer}.kernel": kernel, f"{layer}.bias": bias}
    file = tmp_path_factory.mktemp("teacher") / "vgg19.npz"
    np.savez(file, **arrays)
    return file


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Let the command use the small configuration."""

    def config(steps: int, seed: int) -> TrainingConfig:
        return small_config(steps=steps, seed=seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teach, "TrainingConfig", config)
        yield


@pytest.fixture(scope="module")
def taught(teacher_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights after eight steps, with their checkpoint beside them."""
    out = tmp_path_factory.mktemp("taught") / "lite.npz"
    assert teach_small(teacher_file, out, "--steps", "8", "--seed", "9") == 0
    return out


def options(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(["teach", *words])


def teach_small(teacher: Path, out: Path, *words: str) -> int:
    return teach.run_training(options("--weights", str(teacher), "--out", str(out), *words))


def test_the_command_writes_weights_that_the_engine_loads(taught: Path) -> None:
    loaded = weights.load("lite", taught, LAYERS)
    assert set(loaded.metrics) == set(LAYERS)
    with np.load(taught) as archive:
        provenance = json.loads(str(archive["provenance"]))
        assert archive["block3_conv1.kernel"].dtype == np.float16
    assert provenance["seed"] == 9
    assert provenance["steps"] == 8
    assert set(provenance["errors"]) == set(LAYERS)
    assert "CC BY 4.0" in provenance["licence"]
    assert len(provenance["teacher_sha256"]) == 64


def test_a_stopped_training_goes_on_where_it_was(
    taught: Path, teacher_file: Path, tmp_path: Path
) -> None:
    trainer = Trainer(small_config(seed=9), small_teacher())
    trainer.initialize()
    trainer.run_round(lambda _: None)
    settings = _settings_of(taught.with_suffix(".lesson.npz"))
    teach.save(trainer, tmp_path / "parts.lesson.npz", settings)
    teach_small(teacher_file, tmp_path / "parts.npz", "--steps", "8", "--seed", "9", "--resume")
    with np.load(taught) as whole, np.load(tmp_path / "parts.npz") as parts:
        for name in whole.files:
            if name != "provenance":
                assert parts[name] == pytest.approx(whole[name], rel=1e-2, abs=1e-3), name


def _settings_of(checkpoint: Path) -> dict[str, Any]:
    with np.load(checkpoint) as archive:
        found: dict[str, Any] = json.loads(str(archive["settings"]))
    return found


def test_a_checkpoint_of_another_seed_is_refused(taught: Path, teacher_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"was made with plan\.seed=9; received plan\.seed=2"):
        teach_small(teacher_file, taught, "--steps", "8", "--seed", "2", "--resume")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut short"])
def test_a_missing_or_damaged_checkpoint_is_refused(
    teacher_file: Path, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "lite.lesson.npz").write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot resume: .*lite\.lesson\.npz"):
        teach_small(teacher_file, tmp_path / "lite.npz", "--steps", "4", "--resume")


def test_a_missing_folder_is_refused_before_training(teacher_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the folder .*nowhere does not exist"):
        teach_small(teacher_file, tmp_path / "nowhere" / "lite.npz")


def test_no_steps_are_refused(teacher_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--steps must be at least 1; received 0"):
        teach_small(teacher_file, tmp_path / "lite.npz", "--steps", "0")


def test_a_missing_teacher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no such file: .*vgg19\.npz"):
        teach_small(tmp_path / "vgg19.npz", tmp_path / "lite.npz")


def test_weights_that_are_not_finite_are_never_written(tmp_path: Path) -> None:
    broken = small_teacher()
    broken[2][0][0, 0, 0, 0] = np.nan
    metrics = [np.eye(kernel.shape[-1], dtype=np.float32) for kernel, _ in broken]
    with pytest.raises(WeightsError, match=r"block2_conv1\.kernel is not finite"):
        teach.write(tmp_path / "lite.npz", broken, metrics, {})
    assert not (tmp_path / "lite.npz").exists()
