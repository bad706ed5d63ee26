"""The worker process: paints without end, as the control block says.

Each epoch: carry out the parent's orders, read the controls, take steps, publish the picture
with its losses and the revision that it was painted with. Another size or shape is another
model: it is made in the background while the present one paints on. Started by `entry` in a
process of its own; knows nothing about sockets and MIDI.
"""

import resource
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt

from styletune.engine import canvas, device, faults
from styletune.engine.canvas import Canvas, Wish
from styletune.engine.kept import Kept
from styletune.engine.making import Making
from styletune.engine.pace import Pace
from styletune.engine.painter import DivergedError, Losses, Painter
from styletune.engine.running import Running
from styletune.errors import PictureError, StyletuneError
from styletune.shared.control_block import ControlBlock, ControlState
from styletune.shared.frame_block import Frame, FrameBlock, Term
from styletune.shared.orders import (
    Job,
    Order,
    Refused,
    RemoveStyle,
    Report,
    Run,
    SetContent,
    SetStyle,
    State,
    Stop,
)

Array = npt.NDArray[np.float64]

_NO_RUN = Run(0, 1)
# How often a paused worker looks for orders and controls: far below what a hand notices.
_IDLE_S = 0.01
# How long a finished run's picture stands still, for its sender to go on from it exactly. Bounded:
# a script that has died must not stop the painting.
_HOLD_S = 5.0
# TensorFlow's first calls after tracing are slow; they must not set the pace.
_WARM_UP_STEPS = 2
# A hand on the size fader passes many sizes; one is made when it has come to rest.
_REST_S = 0.25
# So many divergences within so many seconds, at the same values, and it waits for a hand.
_STUMBLES, _STUMBLES_S = 3, 60.0


def main(job: Job, pipe: Connection) -> None:
    """Run until the parent says Stop or is gone. Runs in the spawned process."""
    controls = ControlBlock.attach(job.control_block, job.session.table())
    frames = FrameBlock.attach(job.frame_block, job.session.network.played, job.size_px)
    try:
        Worker(job, controls, frames, pipe).work()
    except StyletuneError as error:
        # Missing weights or an unusable picture: starting again would not mend it.
        pipe.send(Report(State.FAILED, str(error), network=job.session.network.name))
    finally:
        controls.close()
        frames.close()


@dataclass
class Progress:
    """Where the painting stands; counts go on across restarts and new canvases."""

    epoch: int  # of the next frame
    step: int
    steps_per_s: float = 0.0


class Worker:
    """One painting process: its painter, its two blocks and the pipe to the parent."""

    def __init__(
        self, job: Job, controls: ControlBlock, frames: FrameBlock, pipe: Connection
    ) -> None:
        self._session = job.session
        self._table = job.session.table()
        self._controls = controls
        self._frames = frames
        self._pipe = pipe
        self._kept = Kept(job.checkpoints, lambda why: self._say(self._report.state, why))
        self._progress = Progress(
            max(job.first_epoch, self._kept.epoch), max(job.first_step, self._kept.step)
        )
        self._faults = faults.from_environment(self._progress.step)
        self._report = Report(
            State.STARTING,
            device=device.describe(),
            network=job.session.network.name,
            backend=device.backend(),
        )
        self._pace = Pace(self._session.painting.epoch_ms / 1e3, self._session.painting.epoch_steps)
        self._say(State.STARTING)
        # A session that fixes the number of steps gets exactly that many, hand or no hand.
        self._prompt = self._session.painting.epoch_steps is None
        state = controls.read()
        self._rev = -1 if state is None else state.rev
        # Triggers sent to the worker before are not to be repeated.
        self._fired = {} if state is None else dict(state.triggers)
        self._positions = self._session.positions() if state is None else state.positions
        self._stumbles: deque[float] = deque(maxlen=_STUMBLES)
        self._stuck = False
        self._moved = ""  # the control that a hand moved last
        self._wish = Wish(canvas.size_px(self._table, self._positions))
        self._making: Making | None = None
        self._refused_px = 0  # the size that could not be had
        self._asked: Run | None = None  # begins once its canvas is there
        self._run: Running | None = None
        self._hold_until = 0.0

    def work(self) -> None:
        """Paint for ever: read this from top to bottom."""
        painter = self._begin()
        state = self._controls.read()
        while True:
            for order in self._orders():
                if isinstance(order, Stop):
                    self._kept.close(painter, self._progress.epoch, self._progress.step)
                    return
                if isinstance(order, Run):
                    self._asked = order
                    continue
                self._carry_out(order, painter)
            if self._controls.newer:
                state = self._controls.read()
            changed = state is not None and self._take_over(state, painter)
            painter = self._change_canvas(painter)
            self._start_run(painter)
            self._kept.look(painter, self._progress.epoch, self._progress.step)
            self._faults.strike(self._progress.step, painter, self._frames)
            if self._stuck or (state is not None and state.positions["paused"]):
                self._pause(painter, changed)
                continue
            if self._holds(changed):
                continue
            if self._epoch(painter, changed) and self._report.state is not State.RUNNING:
                self._say(State.RUNNING)

    def _epoch(self, painter: Painter, changed: bool) -> bool:
        """Take an epoch's steps and publish; False where the picture had to be rolled back.

        The first epoch after a move is a single step: the hand sees its effect begin at once.
        """
        steps = 1 if changed and self._prompt else self._pace.plan()
        listen = None
        if self._run is not None:
            steps, listen = self._run.allow(steps), self._run.last
        started = time.perf_counter()
        try:
            steps = painter.run(steps, self._beat, listen=listen)
        except DivergedError as error:
            self._stumble(str(error))
            return False
        seconds = time.perf_counter() - started
        self._pace.record(steps, seconds)
        self._progress.steps_per_s = steps / seconds
        self._publish(painter, steps)
        return True

    def _start_run(self, painter: Painter) -> None:
        """Begin the run that is asked for, on the canvas that its controls and pictures ask for.

        They were sent before it; until a canvas of another size is made, painting goes on.
        """
        size = canvas.size_px(self._table, self._positions)
        there = size in (self._canvas.size_px, self._refused_px) and self._making is None
        if self._asked is None or not there:
            return
        if self._asked.reset:
            painter.reset(self._asked.seed)
        self._run, self._asked = Running(self._asked), None

    def _holds(self, changed: bool) -> bool:
        """Whether a finished run's picture still stands; a moved control lets the painting go on.

        Waits for an order, so that the next run begins at once.
        """
        if self._run is None or not self._run.done:
            return False
        if changed or time.monotonic() >= self._hold_until:
            self._run = None
            return False
        self._frames.beat(self._progress.step)
        self._pipe.poll(_IDLE_S)
        return True

    def _beat(self) -> bool:
        """After each step: a sign of life; True where a hand has moved something meanwhile.

        The epoch then ends early, so that a slider waits for one step and not for a whole epoch.
        """
        self._progress.step += 1
        self._frames.beat(self._progress.step)
        return self._prompt and self._controls.newer

    def _pause(self, painter: Painter, changed: bool) -> None:
        """Stand still; a moved slider still shows in the table, at the same picture."""
        if self._report.state is not State.PAUSED:
            self._say(State.PAUSED)
            changed = True
        if self._progress.steps_per_s:
            self._progress.steps_per_s = 0.0
            changed = True
        if changed:
            self._publish(painter)
        self._frames.beat(self._progress.step)
        time.sleep(_IDLE_S)

    def _take_over(self, state: ControlState, painter: Painter) -> bool:
        """Apply faders and switches that moved, then triggers that were sent; False if none.

        Triggers do not raise the revision. One sent several times within an epoch happens once:
        two resets are one, and two kicks shake no better.
        """
        moved, sent = state.rev != self._rev, state.triggers != self._fired
        if moved:
            self._moved = next(
                (name for name, at in state.positions.items() if at != self._positions[name]),
                self._moved,
            )
            self._rev, self._positions = state.rev, state.positions
            self._canvas.rescale(painter, state.positions)
            painter.apply(state.positions)
        if sent:
            for name, count in state.triggers.items():
                if count != self._fired.get(name, 0) and self._table[name].engine:
                    getattr(painter, name)()
            self._fired = dict(state.triggers)
        if moved or sent:
            self._stumbles.clear()
            self._stuck = False
        return moved or sent

    def _stumble(self, why: str) -> None:
        """The painter has rolled back: go on with smaller steps, or wait for a hand."""
        now = time.monotonic()
        self._stumbles.append(now)
        often = len(self._stumbles) == _STUMBLES and now - self._stumbles[0] < _STUMBLES_S
        if not often:
            self._say(State.ROLLING_BACK, why)
            return
        self._stuck = True
        moved = f"`{self._moved}` was moved last: move it back" if self._moved else "reset"
        self._say(State.PAUSED, f"{why}; {_STUMBLES} times in a minute, so it waits: {moved}")

    def _publish(self, painter: Painter, steps: int = 0) -> None:
        """Publish the picture with its table, after that many further steps."""
        losses = painter.losses()
        run = self._run or Running(_NO_RUN)
        if self._run is not None and steps:
            run.took(steps, losses.total)
            self._hold_until = time.monotonic() + _HOLD_S
        self._frames.publish(
            Frame(
                epoch=self._progress.epoch,
                step=self._progress.step,
                rev=self._rev,
                time=time.time(),
                steps_per_s=self._progress.steps_per_s,
                picture=painter.picture(),
                content=terms(losses.content_raw, painter.heard("content"), losses.content, losses),
                style=terms(losses.style_raw, painter.heard("style"), losses.style, losses),
                smooth=losses.smooth,
                total=losses.total,
                run=run.order.run,
                run_step=run.taken,
                run_done=run.done,
            )
        )
        self._progress.epoch += 1

    # Canvases

    def _begin(self) -> Painter:
        """The first painter; meanwhile viewers see the picture that will be painted.

        It is small and soon there, and what is painted on it is the start of the full size;
        what was painted before a crash goes on at its full size at once.
        """
        self._say(State.COMPILING)
        full = self._wish.size_px
        first = full if self._kept.found else canvas.first_size_px(self._session, full)
        try:
            painter = self._stretch(first)
        except PictureError:  # a narrow picture has too few pixels across
            painter = self._stretch(full)
        painter.apply(self._positions)
        self._kept.restore(painter)
        self._publish(painter)
        _warm_up(painter)
        self._kept.restore(painter)
        self._settle_on(painter)
        return painter

    def _stretch(self, size_px: int) -> Painter:
        self._canvas = Canvas(self._session, self._positions, size_px)
        return self._canvas.painter()

    def _change_canvas(self, painter: Painter) -> Painter:
        """Begin to make another canvas where one is wanted; take it over once it is made."""
        if self._making is not None:
            return self._take_canvas(painter) if self._making.done else painter
        size = canvas.size_px(self._table, self._positions)
        wanted = self._wish.rests(size, time.monotonic(), _REST_S)
        if wanted and size not in (self._canvas.size_px, self._refused_px):
            self._resize(size)
        return painter

    def _resize(self, size_px: int) -> None:
        try:
            self._make(self._canvas.sized(size_px, self._positions), "size")
        except StyletuneError as error:
            self._refused_px = size_px
            self._refuse("size", error)

    def _refuse(self, what: str, error: StyletuneError, path: str = "") -> None:
        self._pipe.send(Refused(what, str(error), path))

    def _make(self, wanted: Canvas, what: str, path: str = "") -> None:
        """Make the painter of another canvas in the background."""
        positions = dict(self._positions)

        def make() -> Painter:
            painter = wanted.painter()
            painter.apply(positions)
            _warm_up(painter)
            return painter

        self._wanted, self._making = wanted, Making(make, what, path)
        self._say(self._report.state, f"getting {wanted.size_px} px ready")

    def _take_canvas(self, painter: Painter) -> Painter:
        """Go on with the painter that has been made, or say why it cannot be."""
        making, self._making = self._making, None
        assert making is not None  # the caller has looked
        try:
            made = making.painter()
            self._wanted.catch_up(made, self._canvas, self._positions)
        except StyletuneError as error:
            self._refused_px = self._wanted.size_px if making.what == "size" else 0
            self._refuse(making.what, error, making.path)
            return painter
        if making.what == "size":
            made.follow(painter)
        self._canvas = self._wanted
        made.apply(self._positions)
        self._pace.forget()
        self._settle_on(made)
        return made

    def _settle_on(self, painter: Painter) -> None:
        """Tell of the canvas; where it is to last, trace what hands may ask for later."""
        self._report = replace(
            self._report,
            width=painter.width,
            height=painter.height,
            weights=painter.weights_label,
        )
        if self._report.state in (State.RUNNING, State.PAUSED):
            self._say(self._report.state)
        if self._canvas.size_px == self._wish.size_px:
            threading.Thread(target=painter.prepare, name="prepare").start()

    def _carry_out(self, order: SetContent | SetStyle | RemoveStyle, painter: Painter) -> None:
        """Swap a picture; one that cannot be used is refused and painting goes on."""
        try:
            if isinstance(order, RemoveStyle):
                self._canvas.remove_path(painter, order.path)
                return
            if isinstance(order, SetStyle):
                self._canvas.put_style(painter, order.index, order.path, self._positions)
                return
            wanted = self._canvas.of(order.path, self._positions)
            if wanted.shape == self._canvas.shape:
                painter.set_content(wanted.content)
                painter.reset()
                self._canvas = wanted
            else:
                self._make(wanted, order.what, order.path)
        except StyletuneError as error:
            self._refuse(order.what, error, order.path)

    def _orders(self) -> Iterator[Order]:
        while self._pipe.poll():
            try:
                yield self._pipe.recv()
            except EOFError:  # the parent is gone
                yield Stop()
                return

    def _say(self, state: State, message: str = "") -> None:
        self._report = replace(
            self._report,
            state=state,
            message=message,
            memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            steps_per_epoch=self._pace.plan() if self._pace.step_s else 0,
        )
        self._pipe.send(self._report)


def terms(raw: Array, weight: Array, weighted: Array, losses: Losses) -> tuple[Term, ...]:
    """Rows of the loss table from arrays of shape (n,)."""
    total = losses.total or 1.0  # all silent: shares of 0, not of nothing
    return tuple(
        Term(float(r), float(w), float(x), float(x) / total)
        for r, w, x in zip(raw, weight, weighted, strict=True)
    )


def _warm_up(painter: Painter) -> None:
    """Trace, take the first slow steps and calibrate; the painter stands at its start again."""
    painter.run(_WARM_UP_STEPS)
    if painter.session.painting.calibrate:
        painter.calibrate()
    painter.reset()
