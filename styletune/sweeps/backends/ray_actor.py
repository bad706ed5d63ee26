"""A painter of points in a process of its own: one engine, built once, for many points.

Made a Ray actor by `fleet`, but nothing here knows Ray. It takes the same steps as the worker
of a server does for a `paint`, so that its pictures are the same.
"""

import math
import os
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletune.config import SessionConfig
from styletune.errors import WorkerError
from styletune.images import decode
from styletune.images.png_metadata import encode_png
from styletune.ipc.commands import Run
from styletune.sweeps.backends.server import Job
from styletune.sweeps.result import Result, Term

if TYPE_CHECKING:
    from styletune.engine.canvas import Canvas
    from styletune.engine.painter import Painter

_WARM_UP_STEPS = 2  # the worker's: TensorFlow's first calls are slow
_BURST = 10  # steps between two looks at the picture's health
_TELLINGS = 50  # of how far a point is, at most; each costs a message
_MAX_ROLLBACKS = 20
_RATE_S = 1.0  # to look how fast it paints


@dataclass(frozen=True, slots=True)
class PaintInputs:
    """What an actor paints from: another machine may not have the files.

    Attributes:
        pictures: files by place: `content`, `style 1` …; `init` where the session names one.
    """

    session: SessionConfig
    pictures: Mapping[str, bytes]


@dataclass
class ActorInfo:
    """What an actor has done."""

    pid: int
    painter: dict[str, Any]
    built: int = 0
    painted: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a point is."""

    steps: int
    total: float


Told = Progress | tuple[Result, bytes]


def _styles(pictures: Mapping[str, str]) -> tuple[str, ...]:
    """Paths of the styles, in their order."""
    return tuple(path for place, path in sorted(pictures.items()) if place.startswith("style"))


@dataclass
class _Canvas:
    """A canvas and the painter before it, once it is built."""

    canvas: "Canvas"
    painter: "Painter | None" = None


class Actor:
    """What Ray starts, and starts again where it is lost: empty until it is asked something.

    Nothing is given to its constructor: what lies in Ray's store might be gone at a restart.
    """

    def __init__(self) -> None:
        self._easel: PointPainter | None = None

    def about(self, material: PaintInputs) -> ActorInfo:
        """What paints here, and what it has done so far."""
        return self._of(material).about()

    def steps_per_s(self, material: PaintInputs) -> float:
        """How fast it paints."""
        return self._of(material).steps_per_s()

    def paint(
        self, material: PaintInputs, job: Job, changed: Mapping[str, bytes]
    ) -> Iterator[Told]:
        """Paint a point; see `PointPainter.paint`."""
        yield from self._of(material).paint(job, changed)

    def _of(self, material: PaintInputs) -> "PointPainter":
        self._easel = self._easel or PointPainter(material)
        return self._easel


class PointPainter:
    """Paints one point after the other with its own engine.

    Raises:
        PictureError: a picture of the session cannot be used.
    """

    def __init__(self, material: PaintInputs) -> None:
        # As the server does it: the engine reads only PNG of our own, by its path.
        self._folder = tempfile.TemporaryDirectory(prefix="styletune-actor-")
        self._written = 0
        paths = {place: self._write(place, data) for place, data in material.pictures.items()}
        self._own = {place: path for place, path in paths.items() if place != "init"}
        self._session = material.session.with_overrides(
            pictures={"content": paths["content"], "styles": _styles(self._own)},
            painting={"init": paths.get("init")},
        )
        self._table = self._session.table()
        self._hung = self._own
        self._seen: dict[str, str] = {}  # path by name
        self._about = ActorInfo(os.getpid(), {})

    def about(self) -> ActorInfo:
        """What paints here, and what it has done so far."""
        self._about.painter = {
            "network": self._session.network.name,
            "weights": self._painter.weights_label,
            "layers": list(self._session.network.selected_layers),
            "size": self._session.pictures.size,
        }
        return self._about

    def steps_per_s(self) -> float:
        """How fast it paints; what is painted for that, the next point's reset wipes out."""
        painter, steps = self._painter, 0
        painter.run(1)  # the first call after calibrating is slow
        began = time.perf_counter()
        while (seconds := time.perf_counter() - began) < _RATE_S:
            steps += painter.run(1)
        return steps / seconds

    @cached_property
    def _stand(self) -> "_Canvas":
        # Built when it is first needed, in this process only: whoever sends the points needs no
        # Keras, and what goes wrong is the answer to a question, not the end of the actor.
        from styletune.engine.stderr_filter import filter_stderr

        with filter_stderr():
            from styletune.engine import backend
            from styletune.engine.canvas import Canvas

            backend.configure()
        positions = self._session.positions()
        return _Canvas(Canvas(self._session, positions, self._session.pictures.size))

    @property
    def _painter(self) -> "Painter":
        return self._stand.painter or self._build(self._stand.canvas)

    def _build(self, canvas: "Canvas") -> "Painter":
        """Build, trace and calibrate, as the worker does."""
        painter = canvas.build_painter()
        painter.apply(self._session.positions())
        painter.run(_WARM_UP_STEPS)
        if self._session.painting.calibrate:
            painter.calibrate()
        self._stand.canvas, self._stand.painter = canvas, painter
        self._about.built += 1
        return painter

    def paint(self, job: Job, changed: Mapping[str, bytes]) -> Iterator[Told]:
        """Paint a point: yields how far it is, and in the end what it has become.

        Always after the same steps: a point that is painted again, elsewhere, tells the same.

        Args:
            changed: the pictures that the point names, by place; the others are the session's.

        Yields:
            `Progress`; last, the result and its PNG.

        Raises:
            StyletuneError: a picture cannot be used, or the painting went to pieces.
        """
        began = time.perf_counter()
        positions = self._session.positions() | self._table.check(job.point.controls)
        named = job.point.pictures
        paths = {place: self._path(named[place], data) for place, data in changed.items()}
        self._hang(paths, positions)
        self._painter.apply(positions)
        order = Run(1, job.steps, True, job.point.seed, job.settle)
        taken, rollbacks = yield from self._run(order)
        self._about.painted.append(job.point.index)
        result = self._result(job, taken, rollbacks, time.perf_counter() - began)
        yield result, encode_png(self._painter.picture(), result.state)

    def _path(self, name: str, data: bytes) -> str:
        """Where a picture lies here, written once."""
        if name not in self._seen:
            self._seen[name] = self._write(name, data)
        return self._seen[name]

    def _write(self, name: str, data: bytes) -> str:
        """Decode a picture into a PNG of our own, which is all that the engine reads."""
        self._written += 1
        path = Path(self._folder.name) / f"{self._written}.png"
        decode.decode(data, source=name).save(path, "PNG", compress_level=1)
        return str(path)

    def _hang(self, changed: Mapping[str, str], positions: Mapping[str, float]) -> None:
        """Put up other pictures, at another size; another shape is another model."""
        from styletune.engine.canvas import Canvas, size_px

        wanted = {**self._own, **changed}
        painter, canvas = self._painter, self._stand.canvas
        size = size_px(self._table, positions)
        if (size, wanted["content"]) != (canvas.size_px, self._hung["content"]):
            other = Canvas(self._session, positions, size, wanted["content"], _styles(self._hung))
            if other.shape == canvas.shape:
                painter.set_content(other.content)
                self._stand.canvas = other
            else:
                painter = self._build(other)
            canvas = self._stand.canvas
        for index, (path, hung) in enumerate(
            zip(_styles(wanted), _styles(self._hung), strict=True)
        ):
            if path != hung:
                canvas.set_style(painter, index, path, positions)
        canvas.rescale_styles(painter, positions)
        self._hung = wanted

    def _run(self, order: Run) -> Generator[Progress, None, tuple[int, int]]:
        """Take the steps of a run; returns how many, and how often they were rolled back."""
        from styletune.engine.painter import DivergedError
        from styletune.worker.runs import PaintRun

        painter, running, rollbacks = self._painter, PaintRun(order), 0
        painter.reset(order.seed)
        every = _BURST * math.ceil(order.steps / _BURST / _TELLINGS)
        while not running.done:
            try:
                taken = painter.run(running.limit_steps(_BURST), all_terms=running.is_last)
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

    def _result(self, job: Job, steps: int, rollbacks: int, seconds: float) -> Result:
        painter = self._painter
        losses = painter.losses()
        rows = [
            Term(layer, name, float(raw), float(weight), float(weighted))
            for name, raws, weighteds in (
                ("content", losses.content_raw, losses.content),
                ("style", losses.style_raw, losses.style),
            )
            for layer, raw, weight, weighted in zip(
                painter.layers, raws, painter.effective_weights(name), weighteds, strict=True
            )
        ]
        return job.result(
            steps=steps,
            seconds=seconds,
            rev=0,
            width=painter.width,
            height=painter.height,
            total=losses.total,
            smooth=losses.smooth,
            # Layer by layer, as a server's message has them.
            terms=tuple(sorted(rows, key=lambda term: painter.layers.index(term.layer))),
            disturbed=False,
            rollbacks=rollbacks,
            time=time.time(),
        )
