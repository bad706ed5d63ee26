"""The checkpoint of a training, beside the look: all that is needed to go on from there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.errors import ConfigError, LookError
from styletune.training.looks.trainer import LookTrainer


def encode(trainer: LookTrainer, settings: dict[str, Any], elapsed_s: float) -> bytes:
    """The bytes of a checkpoint, NumPy's .npz."""
    stream = io.BytesIO()
    np.savez(
        stream,
        settings=np.array(json.dumps(settings)),
        step=np.array(trainer.step),
        elapsed_s=np.array(elapsed_s),
        **trainer.state(),  # type: ignore[arg-type]
    )
    return stream.getvalue()


def read(path: Path, settings: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """A checkpoint of the same settings.

    Raises:
        LookError: missing or damaged.
        ConfigError: of other options.
    """
    try:
        # From memory: NumPy leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            saved: dict[str, npt.NDArray[Any]] = {name: archive[name] for name in archive.files}
        before = json.loads(str(saved.pop("settings")))
    except Exception as error:  # a damaged file fails in every possible way
        raise LookError(
            f"cannot resume: {path} cannot be read: {error}; start without --resume"
        ) from None
    for name, value in json.loads(json.dumps(settings)).items():
        if before.get(name) != value:
            raise ConfigError(
                f"cannot resume: {path} was made with {name}={before.get(name)}; received "
                f"{name}={value}: use the same options, or start without --resume"
            )
    return saved


def restore(trainer: LookTrainer, saved: dict[str, npt.NDArray[Any]], path: Path) -> None:
    """Bring the trainer to where a checkpoint left off.

    Raises:
        LookError: damaged.
    """
    try:
        trainer.restore(saved)
    except (KeyError, ValueError) as error:
        raise LookError(f"cannot resume: {path} is damaged: {error}") from None
