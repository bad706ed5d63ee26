"""A painter of points in a process of its own: one engine, built once, for many points.

Made a Ray actor by `fleet`, but nothing here knows Ray. It takes the same steps as the worker
of a server does for a `paint`, so that its pictures are the same.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from styletune import pictures
from styletune.config import Session
from styletune.errors import WorkerError
from styletune.shared.orders import Run
from styletune.sweeps import png
from styletune.sweeps.result import Result, Term
from styletune.sweeps.studio import Job

if TYPE_CHECKING:
    from styletune.engine.painter import Painter

_BURST = 10  # steps between two looks at the picture's health
_MAX_ROLLBACKS = 20


@dataclass(frozen=True, slots=True)
class Material:
    """What an actor paints from, decoded: another machine may not have the files.

    Attributes:
        pictures: by place: `content`, `style 1` …; `init` where the session names a file.
    """

    session: Session
    pictures: Mapping[str, Image.Image]


@dataclass
class About:
    """What an actor has done."""

    pid: int
    painter: dict[str, Any]
    built: int = 0
    painted: list[int] = field(default_factory=list)


class Actor:
    """Paints one point after the other with its own engine."""

    def __init__(self, material: Material) -> None:
        self._session = material.session
        self._table = self._session.table()
        self._pictures = dict(material.pictures)
        self._own = dict(material.pictures)
        self._about = About(os.getpid(), {})
        self._size_px = self._session.pictures.size

    def about(self) -> About:
        """What paints here, and what it has done so far."""
        self._about.painter = {
            "network": self._session.network.name,
            "weights": self._painter.weights_label,
            "layers": list(self._session.network.played),
            "size": self._session.pictures.size,
        }
        return self._about

    @cached_property
    def _painter(self) -> "Painter":
        # Built when it is first needed, in this process only: whoever sends the points needs no
        # Keras, and what goes wrong is the answer to a question, not the end of the actor.
        from styletune.engine.chatter import filtered

        with filtered():
            from styletune.engine import device

            device.prepare()
        return self._build(self._size_px)

    def paint(self, job: Job, changed: Mapping[str, Image.Image]) -> tuple[Result, bytes]:
        """Paint a point.

        Args:
            changed: the pictures that the point names, by place; the others are the session's.

        Raises:
            StyletuneError: a picture cannot be used, or the painting went to pieces.
        """
        began = time.perf_counter()
        positions = self._session.positions() | self._table.check(job.point.controls)
        self._hang({**self._own, **changed}, round(self._table["size"].value(positions["size"])))
        self._painter.apply(positions)
        run, rollbacks = self._run(Run(1, job.steps, True, job.point.seed, job.settle))
        self._about.painted.append(job.point.index)
        result = self._result(job, run, rollbacks, time.perf_counter() - began)
        picture = png.encode(self._painter.picture())
        return result, png.with_state(picture, result.state)

    def _build(self, size_px: int) -> "Painter":
        from styletune.engine.painter import Painter

        self._size_px = size_px
        content = self._fitted("content")
        styles = [self._fitted(name) for name in sorted(self._pictures) if "style" in name]
        init = self._pictures.get("init")
        if init is not None:
            size = (content.shape[1], content.shape[0])
            init_pixels = np.asarray(init.resize(size, Image.Resampling.LANCZOS))
        painter = Painter(self._session, content, styles, None if init is None else init_pixels)
        if self._session.painting.calibrate:
            painter.calibrate()
        self._about.built += 1
        return painter

    def _fitted(self, place: str) -> npt.NDArray[np.uint8]:
        edge = self._size_px
        if place != "content":
            edge = self._session.pictures.style_size or edge
        return np.asarray(pictures.fit(self._pictures[place], edge))

    def _hang(self, wanted: Mapping[str, Image.Image], size_px: int) -> None:
        """Put up other pictures; another shape of the painting is another model."""
        before, self._pictures = self._pictures, dict(wanted)
        shape = (self._painter.height, self._painter.width)
        self._size_px = size_px
        content = self._fitted("content")
        if content.shape[:2] != shape:
            self._painter = self._build(size_px)
            return
        if before["content"] is not wanted["content"]:
            self._painter.set_content(content)
        for index, place in enumerate(sorted(name for name in wanted if "style" in name)):
            if before[place] is not wanted[place]:
                self._painter.set_style(index, self._fitted(place))

    def _run(self, order: Run) -> tuple[int, int]:
        """Take the steps of a run; returns how many, and how often they were rolled back."""
        from styletune.engine.painter import DivergedError
        from styletune.engine.running import Running

        painter, running, rollbacks = self._painter, Running(order), 0
        painter.reset(order.seed)
        while not running.done:
            try:
                taken = painter.run(running.allow(_BURST), listen=running.last)
            except DivergedError as error:
                rollbacks += 1
                if rollbacks > _MAX_ROLLBACKS:
                    raise WorkerError(str(error)) from None
                continue
            running.took(taken, painter.losses().total)
        return running.taken, rollbacks

    def _result(self, job: Job, steps: int, rollbacks: int, seconds: float) -> Result:
        painter, point = self._painter, job.point
        losses = painter.losses()
        rows = [
            Term(layer, name, float(raw), float(weight), float(weighted))
            for name, raws, weighteds in (
                ("content", losses.content_raw, losses.content),
                ("style", losses.style_raw, losses.style),
            )
            for layer, raw, weight, weighted in zip(
                painter.layers, raws, painter.heard(name), weighteds, strict=True
            )
        ]
        return Result(
            key=point.key,
            index=point.index,
            file=job.file,
            labels=point.labels,
            at=point.at,
            place=point.place,
            controls=point.controls,
            pictures=point.pictures,
            seed=point.seed,
            steps=steps,
            settled=steps < job.steps,
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
