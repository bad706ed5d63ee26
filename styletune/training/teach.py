"""`styletune teach`: one training with its options, progress, checkpoint and weight file.

The checkpoint, beside the result, is written after every round, whole or not at all.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from styletune import files
from styletune.engine import weights
from styletune.engine.backend import require_tensorflow
from styletune.errors import ConfigError, WeightsError
from styletune.training.dataset import Folder
from styletune.training.schedule import TrainingConfig
from styletune.training.student import LAYERS, Convolution
from styletune.training.trainer import Trainer

LICENCE = (
    "Taught by imitation of VGG-19 (Simonyan and Zisserman 2014, Visual Geometry Group, "
    "University of Oxford), whose weights are CC BY 4.0."
)
LARGEST_FILE_BYTES = 1_000_000


def run_training(arguments: argparse.Namespace) -> int:
    """Teach as the options of `styletune teach` say; returns the exit code 0.

    Raises:
        ConfigError: options that cannot be, or a checkpoint of other options.
        WeightsError: no teacher, or a checkpoint that cannot be read.
        PictureError: no picture in the folder.
    """
    console = Console(stderr=True, highlight=False)
    require_tensorflow("teaching")
    out = Path(arguments.out)
    if not out.parent.is_dir():
        raise ConfigError(f"cannot write {out}: the folder {out.parent} does not exist")
    if arguments.steps < 1:
        raise ConfigError(f"--steps must be at least 1; received {arguments.steps}")
    config = TrainingConfig(steps=arguments.steps, seed=arguments.seed)
    source = weights.load("vgg19", arguments.weights or None, LAYERS)
    teacher = [(source.kernels[layer], source.biases[layer]) for layer in LAYERS]
    folder = Folder(Path(arguments.pictures)) if arguments.pictures else None
    trainer = Trainer(config, teacher, folder)
    settings = {"plan": config.settings(), "teacher_sha256": digest(teacher)}
    settings["pictures"] = folder.names if folder else []
    checkpoint = out.with_suffix(".lesson.npz")
    if arguments.resume:
        restore(trainer, checkpoint, settings)
        console.print(f"going on from {checkpoint}, step {trainer.step}")
    else:
        with console.status("Starting from the teacher's own channels …"):
            trainer.initialize()
    _teach(trainer, checkpoint, settings, console)
    provenance = {
        "label": f"taught by VGG-19, {trainer.step} steps",
        "teacher": f"VGG-19, {source.label}",
        **settings,
        "seed": config.seed,
        "steps": trainer.step,
        "errors": dict(zip(LAYERS, (round(error, 4) for error in trainer.errors), strict=True)),
        "rights": arguments.rights,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "licence": LICENCE,
    }
    write(out, *trainer.result(), provenance)
    console.print(f"wrote {out}")
    return 0


def _teach(trainer: Trainer, checkpoint: Path, settings: dict[str, Any], console: Console) -> None:
    columns = (
        TextColumn("teaching"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(
            "teaching", total=trainer.config.steps, completed=trainer.step, loss=float("nan")
        )
        while trainer.step < trainer.config.steps:
            trainer.run_round(lambda loss: progress.update(task, advance=1, loss=loss))
            save(trainer, checkpoint, settings)
            errors = " ".join(f"{error:.3f}" for error in trainer.errors)
            progress.console.print(f"step {trainer.step:6d}  relative errors {errors}")


def digest(convolutions: list[Convolution]) -> str:
    """Return the SHA-256 of the arrays, whatever file they came in."""
    total = hashlib.sha256()
    for kernel, bias in convolutions:
        total.update(np.ascontiguousarray(kernel, np.float32).tobytes())
        total.update(np.ascontiguousarray(bias, np.float32).tobytes())
    return total.hexdigest()


def save(trainer: Trainer, checkpoint: Path, settings: dict[str, Any]) -> None:
    """Write the training's state, whole or not at all."""
    stream = io.BytesIO()
    np.savez(stream, settings=np.array(json.dumps(settings)), **trainer.state())  # type: ignore[arg-type]
    files.write_bytes_atomically(checkpoint, stream.getvalue())


def restore(trainer: Trainer, checkpoint: Path, settings: dict[str, Any]) -> None:
    """Bring `trainer` to where its checkpoint left off.

    More or fewer steps than then are fine: the learning rate follows the new number.

    Raises:
        WeightsError: the checkpoint is missing or damaged.
        ConfigError: it belongs to other options, another teacher or folder.
    """
    try:
        # From memory: NumPy leaves a damaged file open.
        with np.load(io.BytesIO(checkpoint.read_bytes()), allow_pickle=False) as archive:
            state: dict[str, npt.NDArray[Any]] = {name: archive[name] for name in archive.files}
        before = _flat(json.loads(str(state.pop("settings"))))
    except Exception as error:  # a damaged file fails in every possible way
        raise WeightsError(
            f"cannot resume: {checkpoint} cannot be read: {error}; start without --resume"
        ) from error
    for name, value in _flat(settings).items():
        if name != "plan.steps" and before.get(name) != value:
            raise ConfigError(
                f"cannot resume: {checkpoint} was made with {name}={before.get(name)}; "
                f"received {name}={value}: use the same options, or start without --resume"
            )
    try:
        trainer.restore(state)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"cannot resume: {checkpoint} is damaged: {error}") from error


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    plan = {f"plan.{name}": value for name, value in settings.get("plan", {}).items()}
    return plan | {name: value for name, value in settings.items() if name != "plan"}


def write(
    out: Path,
    convolutions: list[Convolution],
    metrics: list[npt.NDArray[np.float32]],
    provenance: dict[str, Any],
) -> None:
    """Write the weight file: kernels float16, biases and metrics float32, provenance JSON.

    Raises:
        WeightsError: values that are not finite, or a file over 1 MB.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for layer, (kernel, bias), metric in zip(LAYERS, convolutions, metrics, strict=True):
        arrays[f"{layer}.kernel"] = kernel.astype(np.float16)
        arrays[f"{layer}.bias"] = bias.astype(np.float32)
        arrays[f"{layer}.metric"] = metric.astype(np.float32)
    bad = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if bad:
        raise WeightsError(f"the trainer went to pieces: {bad[0]} is not finite; teach again")
    stream = io.BytesIO()
    # Stored, not compressed: float16 hardly shrinks, and a checksum meets every damaged byte.
    np.savez(stream, provenance=np.array(json.dumps(provenance)), **arrays)  # type: ignore[arg-type]
    if len(stream.getvalue()) > LARGEST_FILE_BYTES:
        raise WeightsError(
            f"the weight file must be at most {LARGEST_FILE_BYTES} bytes; received "
            f"{len(stream.getvalue())}: teach narrower layers"
        )
    files.write_bytes_atomically(out, stream.getvalue())
