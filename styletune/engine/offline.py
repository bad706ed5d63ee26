"""A picture painted once, coarse to fine, for `styletune paint` and `film`: no control moves."""

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from styletune.config import SessionConfig
from styletune.controls import LIVE_OPTIMIZERS
from styletune.engine import state
from styletune.engine.canvas import Canvas, size_px
from styletune.engine.lbfgs import LBFGS, Vector
from styletune.engine.optimizers import SCHEDULES
from styletune.engine.painter import DivergedError, Painter
from styletune.engine.state import Picture
from styletune.errors import WorkerError
from styletune.networks import min_edge_px

# Longer edge to begin with at the latest. Below, the large strokes are there at once; but fine
# grain is lost at every change of size, so that more scales than needed cost what they gain.
FIRST_PX = 256
# Part of the steps that each scale before the last gets: 12 to 16 of 200 reach its strokes.
_COARSE_PART = 0.08
CHECK_EVERY = 5  # steps, for the loss and divergence
MAX_DIVERGENCES = 3  # then the painting is given up


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the painting stands: steps of all scales, the size in px, the loss."""

    step: int
    width: int
    height: int
    loss: float


def scale_schedule(
    session: SessionConfig, steps: int, short_part: float = 1.0
) -> list[tuple[int, int]]:
    """The sizes (longer edge, px) to paint at with the steps at each; the last in full.

    Args:
        steps: of all scales together, at least 1.
        short_part: the shorter edge as part of the longer.
    """
    full = session.pictures.size
    if not session.painting.scales:
        return [(full, steps)]
    smallest = min_edge_px(session.network.name, session.network.selected_layers)
    sizes = state.pyramid_sizes(full, min(FIRST_PX, round(full / state.SCALE_FACTOR)))
    coarse = [size for size in sizes[:-1] if int(size * short_part) >= smallest]
    each = max(1, round(steps * _COARSE_PART))
    coarse = coarse[-((steps - 1) // each) :] if steps > each else []
    return [*((size, each) for size in coarse), (full, steps - each * len(coarse))]


def _at_control_size(session: SessionConfig) -> SessionConfig:
    """The session at the size that its control `size` sets, which no control moves here."""
    size = size_px(session.table(), session.positions())
    if size == session.pictures.size:
        return session
    controls = {name: at for name, at in session.controls.items() if name != "size"}
    fixed = session.model_copy(update={"controls": controls})
    return fixed.with_overrides(pictures={"size": size})


def live_steps(
    painter: Painter,
    steps: int,
    lr_factor: Callable[[int], float],
    should_stop: Callable[[], bool],
    burst_size: Callable[[int], int] = lambda left: min(CHECK_EVERY, left),
) -> Generator[int, None, None]:
    """Take steps of a live optimizer; yields how many, after each few.

    Args:
        lr_factor: of the learning rate, by the steps taken.
        should_stop: called between steps; True yields at once, for the caller to leave.
        burst_size: of the next few, by those that are left.

    Raises:
        DivergedError: the painting diverged again and again.
    """
    divergences, taken = 0, 0
    while taken < steps:
        painter.set_lr_factor(lr_factor(taken))
        try:
            burst = painter.run(burst_size(steps - taken), lambda _: should_stop())
        except DivergedError:
            divergences += 1
            if divergences == MAX_DIVERGENCES:
                raise
            continue
        taken += burst
        yield burst


class OfflinePainter:
    """Paints a session once.

    Args:
        session: pictures, network, optimizer with its schedule, scales.
        steps: of all scales together; with `lbfgs` evaluations, which cost the same.

    Attributes:
        painter: of the present scale; before painting, of the full size.

    Raises:
        PictureError: a picture cannot be used.
        WeightsError: the network's weights cannot be had.
    """

    def __init__(self, session: SessionConfig, steps: int) -> None:
        session = _at_control_size(session)
        self._session = session
        self._positions = session.positions()
        self._canvas = Canvas(session, self._positions, session.pictures.size)
        self.painter = self._full_size = self._canvas.build_painter()
        self._short, self._long = sorted((self._full_size.height, self._full_size.width))
        self._schedule = scale_schedule(session, steps, self._short / self._long)
        self._steps_taken = 0
        self._stops: frozenset[int] = frozenset()

    @property
    def scales(self) -> tuple[int, ...]:
        """The sizes that are painted at."""
        return tuple(size for size, _ in self._schedule)

    @property
    def steps_taken(self) -> int:
        """Steps that `paint` has taken so far, at all scales."""
        return self._steps_taken

    def calibrate(self) -> None:
        """Measure the loss scales at the full size; all sizes use them."""
        self._full_size.calibrate()
        self._full_size.reset()

    def paint(
        self, should_stop: Callable[[], bool] = lambda: False, stops: Collection[int] = ()
    ) -> Generator[Progress, None, None]:
        """Paint, yielding progress every few steps; may be left at any of them, and begun again.

        Args:
            should_stop: called between steps; True yields at once, for the caller to leave.
            stops: after so many steps it yields, too; L-BFGS ends the move that it is in first.

        Raises:
            WorkerError: the painting diverged again and again.
        """
        before: Painter | None = None
        self._steps_taken = 0
        self._stops = frozenset(stops)
        for size, steps in self._schedule:
            painter = self._build_painter(size)
            if before is not None:
                painter.continue_from(before)
            self.painter = before = painter
            live = self._session.optimizer.name in LIVE_OPTIMIZERS
            run = self._run_steps if live else self._run_lbfgs
            try:
                yield from run(painter, steps, should_stop)
            except DivergedError as error:
                raise WorkerError(str(error)) from None

    def picture(self) -> Picture:
        """What is painted, at the full size also where painting was left before.

        (h, w, 4) where the content is transparent in parts: the painting is so, too.
        """
        picture = self.painter.picture()
        if self.painter is not self._full_size:
            full = (self._full_size.width, self._full_size.height)
            picture = np.asarray(Image.fromarray(picture).resize(full, Image.Resampling.LANCZOS))
        alpha = self._canvas.alpha
        return picture if alpha is None else np.dstack((picture, alpha))

    def _build_painter(self, size: int) -> Painter:
        if size == self._session.pictures.size:
            return self._full_size
        painter = self._canvas.with_size(size, self._positions).build_painter()
        painter.set_loss_scales(self._full_size.loss_scales)
        return painter

    def _run_steps(
        self, painter: Painter, steps: int, should_stop: Callable[[], bool]
    ) -> Generator[Progress, None, None]:
        """Steps of a live optimizer, the learning rate by the schedule over all scales."""
        total = sum(planned for _, planned in self._schedule)
        schedule = SCHEDULES[self._session.optimizer.schedule](total)
        before = self._steps_taken
        for burst in live_steps(
            painter, steps, lambda taken: float(schedule(before + taken)), should_stop, self._burst
        ):
            self._steps_taken += burst
            yield self._progress(painter, painter.losses().total)

    def _run_lbfgs(
        self, painter: Painter, evaluations: int, should_stop: Callable[[], bool]
    ) -> Generator[Progress, None, None]:
        """L-BFGS: one descent for the whole scale."""
        shape = (painter.height, painter.width, 3)
        terms = painter.inputs.terms_in_mean

        def objective(flat: Vector) -> tuple[float, Vector]:
            loss, gradient = painter.loss_and_gradient(flat.reshape(shape))
            self._steps_taken += 1
            return loss, gradient.reshape(-1)

        descent = LBFGS(objective, painter.pixels().reshape(-1), 0, 255)

        def show_best() -> None:  # what was evaluated last need not be it
            painter.restore(replace(painter.state(), picture=descent.x.reshape(shape)))

        try:
            while descent.evaluations < evaluations and not descent.done:
                burst = descent.evaluations + self._burst(evaluations - descent.evaluations)
                while descent.evaluations < burst and not descent.done:
                    descent.run(descent.evaluations + 1)
                    if should_stop():
                        break
                if self._stops:
                    show_best()
                yield self._progress(painter, descent.value * terms)
        finally:
            show_best()  # also after Ctrl-C

    def _burst(self, steps: int) -> int:
        """How many of the `steps` that are left to take before somebody looks."""
        most = min(CHECK_EVERY, steps)
        ahead = range(1, most)
        return next((count for count in ahead if self._steps_taken + count in self._stops), most)

    def _progress(self, painter: Painter, loss: float) -> Progress:
        return Progress(self._steps_taken, painter.width, painter.height, loss)
