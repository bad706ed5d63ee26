"""A painting goes on from its checkpoint: the same picture, the same moments."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from styletune.ipc.checkpoint import Checkpoint, load_latest, write
from styletune.worker.checkpoints import CheckpointManager, checkpoint
from tests.support.small_painter import fresh_painter

ARRAYS = ("picture", "momentum", "velocity")


def test_another_painter_goes_on_where_the_first_one_stood(tmp_path: Path) -> None:
    first = fresh_painter(0)
    first.run(5)
    kept = CheckpointManager(str(tmp_path), pytest.fail)
    assert kept.latest is None
    assert not kept.restore(first)
    kept.save_final(first, epoch=3, step=5)

    second = fresh_painter(1)
    kept = CheckpointManager(str(tmp_path), pytest.fail)
    assert (kept.latest.epoch, kept.latest.step) == (3, 5)
    assert kept.restore(second)
    np.testing.assert_array_equal(second.pixels(), first.pixels())
    first.run(3)
    second.run(3)
    # The moments of the coarser levels are told by the finest one: nearly the same.
    assert np.abs(second.pixels() - first.pixels()).mean() < 1.3


def test_it_is_kept_beside_the_painting_when_it_is_due(tmp_path: Path) -> None:
    painter = fresh_painter()
    kept = CheckpointManager(str(tmp_path), pytest.fail)
    step = 0
    end = time.monotonic() + 60
    while load_latest(tmp_path)[0] is None:
        assert time.monotonic() < end
        step += painter.run(1)
        kept.maybe_save(painter, step, step)
    kept.save_final(painter, step, step)
    assert load_latest(tmp_path)[0].step == step


def test_what_a_killed_worker_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".checkpoint-000000009.npz.abcd1234"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    CheckpointManager(str(tmp_path), pytest.fail)
    assert not left.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state | {"picture": state["picture"][1:]},
        lambda state: state | {"momentum": state["momentum"] * np.nan},
        lambda state: {name: state[name] for name in state if name != "velocity"},
        lambda state: state | {"of_a_later_version": np.zeros(1)},
        lambda state: state | {"iterations": np.array(np.inf)},
        lambda state: state | {"iterations": np.array(2.0**40)},
        lambda state: state | {"iterations": np.array(-1)},
        lambda state: state | {"velocity": state["velocity"] - 1},
        lambda state: state | dict.fromkeys(ARRAYS, np.zeros((20, 16), np.float32)),
        lambda state: state | dict.fromkeys(ARRAYS, np.zeros((20, 16, 4), np.float32)),
        lambda state: state | dict.fromkeys(ARRAYS, np.zeros((0, 16, 3), np.float32)),
        lambda state: state | dict.fromkeys(ARRAYS, np.full((20, 16, 3), "x")),
    ],
)
def test_what_does_not_fit_is_not_taken(
    tmp_path: Path, spoil, capsys: pytest.CaptureFixture[str]
) -> None:
    painter = fresh_painter()
    good = checkpoint(painter, 1, 2)
    write(tmp_path, Checkpoint(spoil(dict(good.state)), 1, 2, good.width, good.height, good.time))
    before = painter.pixels()
    assert not CheckpointManager(str(tmp_path), pytest.fail).restore(painter)
    np.testing.assert_array_equal(painter.pixels(), before)
    assert "does not fit" in capsys.readouterr().err


def test_a_checkpoint_of_another_size_is_resampled_one_of_another_shape_is_not_taken(
    tmp_path: Path,
) -> None:
    painter = fresh_painter()  # 40 × 32 px
    half = {
        name: array[::2, ::2] if array.ndim else array
        for name, array in checkpoint(painter, 1, 2).state.items()
    }
    write(tmp_path, Checkpoint(half, 1, 2, 20, 16, 0.0))
    assert CheckpointManager(str(tmp_path), pytest.fail).restore(painter)
    write(tmp_path, Checkpoint(half, 1, 2, 16, 20, 0.0))
    kept = CheckpointManager(str(tmp_path), pytest.fail)
    assert not kept.restore(painter)
    assert kept.is_compatible(256, 320)
    assert kept.is_compatible(256, 321)
    assert not kept.is_compatible(320, 256)


def test_without_a_folder_nothing_is_kept() -> None:
    painter = fresh_painter()
    kept = CheckpointManager("", pytest.fail)
    kept.maybe_save(painter, 1, 1000)
    kept.save_final(painter, 1, 1000)
    assert not kept.restore(painter)
