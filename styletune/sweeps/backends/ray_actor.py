"""A painter of points in a process of its own: one engine, built once, for many points.

`ray` makes it an actor. It takes the same steps as the worker of a server does for a `paint`, so
that its pictures are the same.
"""

import math
import os
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletune.config import SessionConfig
from styletune.errors import WorkerError
from styletune.images import decode
from styletune.images.png_metadata import describe_session, encode_png
from styletune.ipc.commands import Run
from styletune.ipc.segments import temp_prefix
from styletune.sweeps.backends.server import Job
from styletune.sweeps.results import Result, Term

if TYPE_CHECKING:
    from styletune.engine.canvas import Canvas
    from styletune.engine.painter import Painter

_WARM_UP_STEPS = 2  # the worker's: TensorFlow's first calls are slow
_CHECK_EVERY = 10  # steps between two checks that the picture is finite
_MAX_PROGRESS = 50  # messages for a point, at most
_MAX_ROLLBACKS = 20
_RATE_S = 1.0  # to measure how fast it paints


@dataclass(frozen=True, slots=True)
class PaintInputs:
    """What an actor paints from: another machine may not have the files.

    Attributes:
        pictures: bytes of files by slot: `content`, `style 1` …; `init` if the session has one.
    """

    session: SessionConfig
    pictures: Mapping[str, bytes]


@dataclass
class ActorInfo:
    """What an actor is, and what it has done.

    Attributes:
        painter: see `ResultsFolder.start`.
        built: how many engines.
        painted: indices of points.
    """

    pid: int
    painter: dict[str, Any]
    built: int = 0
    painted: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a point is."""

    steps: int
    total: float


PaintMessage = Progress | tuple[Result, bytes]


def _style_slots(styles: Sequence[str]) -> dict[str, str]:
    return {f"style {number}": style for number, style in enumerate(styles, 1)}


def _styles(pictures: Mapping[str, str]) -> tuple[str, ...]:
    """Paths of the styles, in their order."""
    return tuple(path for slot, path in sorted(pictures.items()) if slot.startswith("style"))


@dataclass
class _Canvas:
    """A canvas, and its painter once that is built."""

    canvas: "Canvas"
    painter: "Painter | None" = None


class Actor:
    """What Ray starts, and restarts where it is lost: empty until its first call.

    Its constructor takes nothing: what lies in Ray's store might be gone at a restart.
    """

    def __init__(self) -> None:
        self._painter: PointPainter | None = None

    def info(self, inputs: PaintInputs) -> ActorInfo:
        """What paints here, and what it has done so far."""
        return self._get_painter(inputs).info()

    def steps_per_s(self, inputs: PaintInputs) -> float:
        """How fast it paints."""
        return self._get_painter(inputs).steps_per_s()

    def paint(
        self, inputs: PaintInputs, job: Job, changed: Mapping[str, bytes]
    ) -> Iterator[PaintMessage]:
        """Paint a point; see `PointPainter.paint`."""
        yield from self._get_painter(inputs).paint(job, changed)

    def _get_painter(self, inputs: PaintInputs) -> "PointPainter":
        self._painter = self._painter or PointPainter(inputs)
        return self._painter


class PointPainter:
    """Paints one point after the other with its own engine.

    Raises:
        PictureError: a picture of the session cannot be used.
    """

    def __init__(self, inputs: PaintInputs) -> None:
        # As on a server: the engine reads only PNG of our own, by its path.
        self._folder = tempfile.TemporaryDirectory(prefix=temp_prefix())
        self._written = 0
        self._max_pixels = inputs.session.pictures.max_pixels
        paths = {slot: self._write(slot, data) for slot, data in inputs.pictures.items()}
        self._session_pictures = {slot: path for slot, path in paths.items() if slot != "init"}
        self._inputs = inputs
        self._session = inputs.session.with_overrides(
            pictures={"content": paths["content"], "styles": _styles(self._session_pictures)},
            painting={"init": paths.get("init")},
        )
        self._table = self._session.table()
        self._pictures = self._session_pictures  # that are painted from
        self._paths: dict[str, str] = {}  # by name
        self._info = ActorInfo(os.getpid(), {})

    def info(self) -> ActorInfo:
        """What paints here, and what it has done so far."""
        self._info.painter = {
            "network": self._session.network.name,
            "weights": self._painter.weights_label,
            "layers": list(self._session.network.selected_layers),
            "size": self._session.pictures.size,
        }
        return self._info

    def steps_per_s(self) -> float:
        """How fast it paints; the next point's reset undoes what is painted for that."""
        painter, steps = self._painter, 0
        painter.run(1)  # the first call after calibrating is slow
        began = time.perf_counter()
        while (seconds := time.perf_counter() - began) < _RATE_S:
            steps += painter.run(1)
        return steps / seconds

    @cached_property
    def _current(self) -> "_Canvas":
        # Built when it is first needed, in this process only: whoever sends the points needs no
        # Keras, and what goes wrong is the result of a call, not the end of the actor.
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend
            from styletune.engine.canvas import Canvas

            backend.configure()
        positions = self._session.positions()
        return _Canvas(Canvas(self._session, positions, self._session.pictures.size))

    @property
    def _painter(self) -> "Painter":
        return self._current.painter or self._build(self._current.canvas)

    def _build(self, canvas: "Canvas") -> "Painter":
        """Build, trace and calibrate, as the worker does."""
        painter = canvas.build_painter()
        painter.apply(self._session.positions())
        painter.run(_WARM_UP_STEPS)
        if self._session.painting.calibrate:
            painter.calibrate()
        self._current.canvas, self._current.painter = canvas, painter
        self._info.built += 1
        return painter

    def paint(self, job: Job, changed: Mapping[str, bytes]) -> Iterator[PaintMessage]:
        """Paint a point.

        Args:
            changed: the pictures that the point names, by slot; the others are the session's.

        Yields:
            `Progress`, always after the same steps, so that a point that is painted again
                elsewhere yields the same; last, the result and its PNG.

        Raises:
            StyletuneError: a picture cannot be used, or the painting diverged.
        """
        began = time.perf_counter()
        positions = self._session.positions() | self._table.check(job.point.controls)
        names = job.point.pictures
        paths = {slot: self._path(names[slot], data) for slot, data in changed.items()}
        self._set_pictures(paths, positions)
        self._painter.apply(positions)
        run = Run(1, job.steps, True, job.point.seed, job.settle)
        taken, rollbacks = yield from self._run(run)
        self._info.painted.append(job.point.index)
        result = self._make_result(job, taken, rollbacks, time.perf_counter() - began)
        yield result, encode_png(self._painter.picture(), self._describe(result))

    def _describe(self, result: Result) -> dict[str, object]:
        """What the PNG of a point tells: its session, and the result."""
        own = self._inputs.session
        pictures = {"content": own.pictures.content, **_style_slots(own.pictures.styles)}
        names = [*(pictures | dict(result.pictures)).values()]
        session = describe_session(own, names)
        return {"session": session, **result.state}

    def _path(self, name: str, data: bytes) -> str:
        """Where a picture lies here, written once."""
        if name not in self._paths:
            self._paths[name] = self._write(name, data)
        return self._paths[name]

    def _write(self, name: str, data: bytes) -> str:
        """Decode a picture into a PNG of our own, which is all that the engine reads."""
        self._written += 1
        path = Path(self._folder.name) / f"{self._written}.png"
        image = decode.decode(data, source=name, max_pixels=self._max_pixels)
        image.save(path, "PNG", compress_level=1)
        return str(path)

    def _set_pictures(self, changed: Mapping[str, str], positions: Mapping[str, float]) -> None:
        """Paint from other pictures, at another size; another shape takes another model."""
        from styletune.engine.canvas import Canvas, size_px

        wanted = {**self._session_pictures, **changed}
        painter, canvas = self._painter, self._current.canvas
        size = size_px(self._table, positions)
        if (size, wanted["content"]) != (canvas.size_px, self._pictures["content"]):
            styles = _styles(self._pictures)
            other = Canvas(self._session, positions, size, wanted["content"], styles)
            if other.shape == canvas.shape:
                painter.set_content(other.content)
                self._current.canvas = other
            else:
                painter = self._build(other)
            canvas = self._current.canvas
        for index, (path, current) in enumerate(
            zip(_styles(wanted), _styles(self._pictures), strict=True)
        ):
            if path != current:
                canvas.set_style(painter, index, path, positions)
        canvas.rescale_styles(painter, positions)
        self._pictures = wanted

    def _run(self, run: Run) -> Generator[Progress, None, tuple[int, int]]:
        """Take the steps of a run; returns how many, and how often they were rolled back."""
        from styletune.engine.painter import DivergedError
        from styletune.worker.runs import PaintRun

        painter, running, rollbacks = self._painter, PaintRun(run), 0
        painter.reset(run.seed)
        every = _CHECK_EVERY * math.ceil(run.steps / _CHECK_EVERY / _MAX_PROGRESS)
        while not running.done:
            try:
                taken = painter.run(running.limit_steps(_CHECK_EVERY), all_terms=running.is_last)
            except DivergedError as error:
                rollbacks += 1
                if rollbacks > _MAX_ROLLBACKS:
                    raise WorkerError(str(error)) from None
                continue
            total = painter.losses().total
            running.record(taken, total)
            if running.taken % every == 0:
                yield Progress(running.taken, total)
        return running.taken, rollbacks

    def _make_result(self, job: Job, steps: int, rollbacks: int, seconds: float) -> Result:
        painter = self._painter
        losses = painter.losses()
        rows = [
            Term(layer, name, row.raw, row.weight, row.weighted)
            for name, terms in painter.loss_rows().items()
            for layer, row in zip(painter.layers, terms, strict=True)
        ]
        return job.make_result(
            steps=steps,
            seconds=seconds,
            rev=0,
            width=painter.width,
            height=painter.height,
            total=losses.total,
            smooth=float(losses.weighted["smooth"][0]),
            # Layer by layer, as a server's message has them.
            terms=tuple(sorted(rows, key=lambda term: painter.layers.index(term.layer))),
            disturbed=False,
            rollbacks=rollbacks,
            time=time.time(),
        )
