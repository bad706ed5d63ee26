"""`styletune train`: one training with its options, progress, checkpoint, samples and file."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from styletune import __version__, files
from styletune.config import SessionConfig
from styletune.engine.backend import require_tensorflow
from styletune.engine.canvas import load_image, load_style
from styletune.errors import ConfigError, LookError, StorageError
from styletune.images import samples
from styletune.interrupts import catch_interrupt
from styletune.looks import file as look_file
from styletune.looks import keras_model
from styletune.looks.file import SUFFIX, LookInfo
from styletune.training.dataset import Folder
from styletune.training.looks import checkpoint
from styletune.training.looks.export import network_files
from styletune.training.looks.trainer import LookConfig, LookTrainer, TrainingDivergedError

Pixels = npt.NDArray[np.uint8]

_CHECKPOINT_S, _SHEET_S, _STATUS_S = 30.0, 120.0, 1.0
_COMPILING_STEPS = 3  # the first ones take long, and say nothing of the others
_FIRST_SHEET_S = 20.0  # the first one shows whether it goes the right way
_SCENE_SPREAD = 0.35  # of the desk, around a scene
_MAX_DIVERGENCES = 5
_SAMPLE_PX = 256


def run_training(session: SessionConfig, arguments: argparse.Namespace) -> int:
    """Teach as the options of `styletune train` say; returns the exit code 0.

    Raises:
        ConfigError: options that cannot be, or a checkpoint of other options.
        LookError: a checkpoint or a look that cannot be read, or a training that went to pieces.
        PictureError: a style or content that cannot be used.
        StorageError: the disk is full or read-only.
    """
    console = Console(stderr=True, highlight=False)
    require_tensorflow("training a look")
    out = Path(arguments.out)
    if out.suffix != SUFFIX:
        raise ConfigError(f"a look's file ends with {SUFFIX}; received {str(out)!r}")
    if not out.parent.is_dir():
        raise ConfigError(f"cannot write {out}: the folder {out.parent} does not exist")
    for name in ("steps", "minutes"):
        value = getattr(arguments, name)
        if value is not None and not value > 0:
            raise ConfigError(f"--{name} must be above 0; received {value}")
    if arguments.spread is not None and not 0 <= arguments.spread <= 1:
        raise ConfigError(f"--spread must be in 0..1; received {arguments.spread}")
    training = Training(session, out, arguments, console)
    try:
        training.run()
    except OSError as error:
        raise StorageError(
            f"cannot write beside {out}: {error.strerror or error}; make room, then the same "
            "command with --resume goes on"
        ) from None
    finally:
        training.close()
    return 0


class Training:
    """One training on its way from options to a look's file.

    Args:
        session: network, layers and the law of the faders; its positions are the middle.
        out: the look's file; its checkpoint and its sheet of samples lie beside it.
    """

    def __init__(
        self, session: SessionConfig, out: Path, arguments: argparse.Namespace, console: Console
    ) -> None:
        self._session, self._out, self._console = session, out, console
        self._steps: int | None = arguments.steps
        self._minutes: float = arguments.minutes
        self._names = tuple(arguments.style)
        self._disk_failed = False
        self._status = Path(arguments.status) if arguments.status else None
        self._checkpoint = out.with_suffix(".checkpoint.npz")
        self._sheet = out.with_suffix(".samples.png")
        config = LookConfig(
            seed=session.painting.seed,
            steadiness=arguments.steadiness,
            spread=_spread(arguments),
        )
        table, positions = session.table(), session.positions()
        brushes = [f"style_scale.{number}" for number in range(1, len(self._names) + 1)]
        styles = [
            load_style(session, name, scale=table[brush].value(positions[brush]))
            for name, brush in zip(self._names, brushes, strict=True)
        ]
        folder = Folder(Path(arguments.contents)) if arguments.contents else None
        self._settings: dict[str, Any] = {
            **config.settings(),
            "styles": list(self._names),
            "network": session.network.name,
            "layers": list(session.network.selected_layers),
            "contents": folder.names if folder else [],
        }
        saved = checkpoint.read(self._checkpoint, self._settings) if arguments.resume else {}
        self._elapsed_s = float(saved.get("elapsed_s", 0.0))
        network = self._first_network(arguments.start_from)
        with console.status("Measuring the styles, drawing the first pictures …"):
            self._trainer = LookTrainer(
                config, session, styles, folder, network, step=int(saved.get("step", 0))
            )
        if saved:
            checkpoint.restore(self._trainer, saved, self._checkpoint)
            console.print(f"going on from {self._checkpoint}, step {self._trainer.step}")
        self._log = _tensorboard(arguments.tensorboard)
        self._contents = [_even(load_image(name, _SAMPLE_PX)) for name in samples.CONTENTS]

    def _first_network(self, start_from: str | None) -> keras.Model | None:
        """That of another look with the same inputs; None: a new one."""
        if start_from is None:
            return None
        look = look_file.read(look_file.locate(start_from))
        layers, styles = self._session.network.selected_layers, len(self._names)
        if look.table().layers != layers or len(look.info.styles) != styles:
            raise ConfigError(
                f"--from {start_from}: that look has {len(look.info.styles)} styles and the layers "
                f"{', '.join(look.table().layers)}; this one is to have {styles} and "
                f"{', '.join(layers)}"
            )
        return keras_model.read_model(look.path)

    def close(self) -> None:
        """End what runs beside."""
        self._trainer.close()

    @property
    def _progress(self) -> float:
        """Of the whole training, 0..1."""
        if self._steps is not None:
            return self._trainer.step / self._steps
        return self._elapsed_s / (self._minutes * 60)

    def run(self) -> None:
        """Train to the end, or to the first Ctrl-C, which keeps a checkpoint; write the look.

        Raises:
            LookError: the training went to pieces again and again.
        """
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
        )
        begun = self._trainer.step
        with (
            Progress(*columns, console=self._console) as bar,
            catch_interrupt(signal.SIGTERM) as stopped,
        ):
            task = bar.add_task("training", total=1.0, figures="")
            self._train(bar, task, stopped)
        self._save()
        if stopped.is_set() and self._progress < 1:
            self._console.print(
                f"stopped at step {self._trainer.step}, kept in {self._checkpoint}; the same "
                "command with --resume goes on"
            )
            if self._trainer.step == begun:
                return
        self._write()

    def _train(self, bar: Progress, task: TaskID, stopped: threading.Event) -> None:
        trainer, divergences = self._trainer, 0
        good = trainer.state()
        saved = begun = last = time.monotonic()
        sheeted, written = begun + _FIRST_SHEET_S - _SHEET_S, 0.0
        first, before = trainer.step, self._progress
        while self._progress < 1 and not stopped.is_set():
            try:
                trainer.take_step(self._progress)
                if time.monotonic() - saved > _CHECKPOINT_S:
                    good, saved = trainer.state(), time.monotonic()
                    self._save()
            except TrainingDivergedError as error:
                divergences += 1
                if divergences > _MAX_DIVERGENCES:
                    raise LookError(
                        f"the training went to pieces {divergences} times: {error}; the last good "
                        f"state is in {self._checkpoint}"
                    ) from None
                trainer.restore(good)
                trainer.rate_factor /= 2
                trainer.step += 1  # not the same crops again
                bar.console.print(f"{error}: back to the last good state, with smaller steps")
                continue
            now = time.monotonic()
            self._elapsed_s += now - last
            last = now
            if trainer.step % 10 == 0:
                rate = trainer.config.batch * trainer.step / max(self._elapsed_s, 1e-9)
                figures = (
                    f"step {trainer.step}, loss {trainer.loss:.3f}, style left "
                    f"{trainer.style:.2f}, {rate:.1f} pictures/s"
                )
                bar.update(task, completed=self._progress, figures=figures)
                self._write_log()
            if now - written > _STATUS_S:
                written = now
                if trainer.step <= first + _COMPILING_STEPS:
                    begun, before = now, self._progress
                done = self._progress - before
                left = (1 - self._progress) * (now - begun) / done if done > 0 else None
                self._write_status("training", left)
            if now - sheeted > _SHEET_S:
                sheeted = now
                self._write_sheet()

    def _save(self) -> None:
        """Write the checkpoint."""
        self._keep(
            self._checkpoint,
            checkpoint.encode(self._trainer, self._settings, self._elapsed_s),
        )

    def _keep(self, path: Path, data: bytes) -> None:
        """Write what helps, but is not the result: where it cannot be, training goes on."""
        try:
            files.write_bytes_atomically(path, data)
        except OSError as error:
            if not self._disk_failed:
                self._console.print(f"cannot write {path}: {error.strerror}; training goes on")
            self._disk_failed = True
        else:
            self._disk_failed = False

    def _write_status(self, state: str, seconds_left: float | None = None) -> None:
        """For programs: how far it is. Nothing that a full disk may end the training for."""
        if self._status is None:
            return
        status = {
            "state": state,
            "progress": round(min(self._progress, 1.0), 4),
            "step": self._trainer.step,
            "style_left": round(self._trainer.style, 4) if self._trainer.step else None,
            "seconds_left": None if seconds_left is None else round(seconds_left),
        }
        with contextlib.suppress(OSError):
            files.write_bytes_atomically(self._status, json.dumps(status).encode())

    def _write_log(self) -> None:
        if self._log is None:
            return
        import tensorflow as tf

        with self._log.as_default(step=self._trainer.step):
            tf.summary.scalar("loss", self._trainer.loss)
            tf.summary.scalar("style left", self._trainer.style)

    def _write_sheet(self) -> None:
        """Samples: each content as it is, in the middle of the desk, with knobs at their ends."""
        table, middle = self._session.table(), self._session.positions()
        knobs = [f"style.{layer}" for layer in table.layers]
        moved: list[dict[str, float]] = [
            {}, dict.fromkeys(knobs, 0.0), *({knob: 1.0} for knob in knobs[::2]),
        ]  # fmt: skip
        rows = [
            np.concatenate(
                [content, *(self._trainer.paint(content, middle | moves) for moves in moved)], 1
            )
            for content in self._contents
        ]
        width = max(row.shape[1] for row in rows)
        padded = [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows]
        stream = io.BytesIO()
        Image.fromarray(np.concatenate(padded)).save(stream, "PNG")
        self._keep(self._sheet, stream.getvalue())

    def _write(self) -> None:
        trainer, session = self._trainer, self._session
        self._write_status("exporting")
        self._write_sheet()
        with self._console.status("Exporting …"):
            model, onnx = network_files(trainer.network)
        sample = io.BytesIO()
        painted = trainer.paint(self._contents[0], session.positions())
        Image.fromarray(painted).save(sample, "JPEG", quality=70)
        info = LookInfo(
            version=1,
            styles=tuple(Path(name).stem for name in self._names),
            session=session_of_look(session),
            steps=trainer.step,
            style_left=round(trainer.style, 4),
            training={
                **{name: at for name, at in self._settings.items() if name != "styles"},
                "minutes": round(self._elapsed_s / 60, 1),
                "styletune": __version__,
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            },
        )
        look_file.write(self._out, model, onnx, sample.getvalue(), info)
        self._write_status("written")
        size = self._out.stat().st_size / 1000
        self._console.print(
            f"wrote {self._out} ({size:.0f} kB): {trainer.step} steps, {trainer.style:.0%} of the "
            f"style loss left; samples in {self._sheet}"
        )


def session_of_look(session: SessionConfig) -> dict[str, Any]:
    """What a look keeps of the session that it was taught with: nothing of one machine."""
    data = session.model_dump(mode="json", exclude_defaults=True)
    kept = {name: data[name] for name in ("network", "painting", "controls") if name in data}
    # Files of this machine, perhaps.
    kept.get("network", {}).pop("weights", None)
    kept.get("painting", {}).pop("init", None)
    return kept | {"pictures": {"size": session.pictures.size}}


def _even(picture: Pixels) -> Pixels:
    """Edges cut to multiples of 4."""
    height, width = (size // 4 * 4 for size in picture.shape[:2])
    return picture[:height, :width]


def _tensorboard(folder: str | None) -> Any:
    if folder is None:
        return None
    import tensorflow as tf

    try:
        return tf.summary.create_file_writer(folder)
    except tf.errors.OpError as error:
        raise ConfigError(f"--tensorboard {folder}: {error.message}") from None


def _spread(arguments: argparse.Namespace) -> float:
    if arguments.spread is not None:
        return float(arguments.spread)
    return _SCENE_SPREAD if arguments.scene else 1.0
