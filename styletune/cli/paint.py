"""`styletune paint`: two pictures in, one out, without a server.

Runs the engine in this process, shows progress and the loss, writes the picture atomically with
its settings inside. Ctrl-C keeps what is painted so far.
"""

import contextlib
import io
import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from PIL import Image, PngImagePlugin
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from styletune import __version__, files
from styletune.config import SessionConfig
from styletune.engine.stderr_filter import filter_stderr
from styletune.errors import PictureError

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
# What `paint` begins with where no session file says otherwise: nothing moves here, so the
# optimizer that is lost when something does may be used. benchmarks/quality.py tells the gain.
DEFAULTS: dict[str, dict[str, object]] = {
    "optimizer": {"name": "lbfgs"},
    "painting": {"init": "tinted"},
    # What is kept should be free of the last step's grain.
    "controls": {"average": True},
}


def paint(session: SessionConfig, out: Path, steps: int, console: Console) -> None:
    """Paint the session's content in its first styles and write `out`.

    Args:
        out: `.png` (with the settings inside), `.jpg` or `.webp`.
        steps: optimisation steps of all scales together, at least 1.
        console: where people read; nothing goes to stdout.

    Raises:
        PictureError: a picture cannot be used, or `out` cannot be written.
        WeightsError: the network's weights cannot be had.
        WorkerError: the painting went to pieces and could not be saved.
    """
    kind = _FORMATS.get(out.suffix.lower())
    if kind is None:
        raise PictureError(
            f"the picture can be written as {', '.join(_FORMATS)}; received {str(out)!r}"
        )
    if not out.parent.is_dir():
        raise PictureError(f"cannot write {out}: the folder {out.parent} does not exist")

    with console.status("Loading Keras and building the model …"):
        # Only now: Keras takes seconds, and bad arguments should not wait for it.
        with filter_stderr():
            from styletune.engine import backend
            from styletune.engine.offline import OfflinePainter

            backend.configure(session.engine.device, session.engine.precision)
        studio = OfflinePainter(session, steps)
        painter = studio.painter
        console.print(
            f"{session.network.name} ({painter.weights_label}), {backend.backend()}, "
            f"{backend.describe()}, {painter.width} × {painter.height} px"
        )
        console.print(f"{session.optimizer.name}, sizes {', '.join(map(str, studio.scales))}")
        if session.network.name == "lite":
            console.print("`--network vgg19` paints with VGG, where its weights can be had")
    with console.status("Compiling and calibrating …"):
        if session.painting.calibrate:
            studio.calibrate()
    console.print(f"painting {steps} steps; Ctrl-C keeps what is painted so far")
    started = time.perf_counter()
    with Progress(
        TextColumn("painting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4g}"),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("painting", total=steps, loss=float("nan"))
        with catch_sigint() as told, contextlib.closing(studio.paint(told.is_set)) as painting:
            for now in painting:
                progress.update(task, completed=min(now.step, steps), loss=now.loss)
                if told.is_set():
                    console.print(f"stopped after {studio.step} steps")
                    break
    state = {
        "styletune": __version__,
        "session": session.model_dump(mode="json"),
        "steps": studio.step,
        "weights": painter.weights_label,
    }
    _write(out, kind, Image.fromarray(studio.picture()), state)
    seconds = time.perf_counter() - started
    console.print(f"{out}: {studio.step} steps in {seconds:.1f} s")


@contextlib.contextmanager
def catch_sigint() -> Iterator[threading.Event]:
    """Note the first Ctrl-C; the next one interrupts.

    An exception is lost where it falls into a callback of a library's, and Ctrl-C with it.
    """
    told = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        told.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)


def _write(out: Path, kind: str, picture: Image.Image, state: dict[str, object]) -> None:
    buffer = io.BytesIO()
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("styletune", json.dumps(state))
        picture.save(buffer, kind, pnginfo=info)
    else:
        picture.save(buffer, kind, quality=95)
    try:
        files.write_bytes_atomically(out, buffer.getvalue())
    except OSError as error:
        raise PictureError(f"cannot write {out}: {error}") from None
