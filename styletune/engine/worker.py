"""The worker process: paints without end, as the control block says.

Each epoch: carry out the parent's orders, read the controls, take steps, publish the picture
with its losses and the revision that it was painted with. Started by `entry` in a process
of its own; knows nothing about sockets and MIDI.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt

from styletune.engine import device, gallery
from styletune.engine.pace import Pace
from styletune.engine.painter import DivergedError, Losses, Painter
from styletune.errors import StyletuneError
from styletune.shared.control_block import ControlBlock, ControlState
from styletune.shared.frame_block import Frame, FrameBlock, Term
from styletune.shared.orders import Job, Refused, Report, SetContent, SetStyle, State, Stop

Array = npt.NDArray[np.float64]

# How often a paused worker looks for orders and controls: far below what a hand notices.
_IDLE_S = 0.01
# TensorFlow's first calls after tracing are slow; they must not set the pace.
_WARM_UP_STEPS = 2


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
        self._progress = Progress(job.first_epoch, job.first_step)
        self._report = Report(
            State.STARTING,
            device=device.describe(),
            network=job.session.network.name,
            backend=device.backend(),
        )
        self._pace = Pace(self._session.painting.epoch_ms / 1e3, self._session.painting.epoch_steps)
        self._say(State.STARTING)
        self._content = gallery.content(self._session)
        self._styles = [
            gallery.style(self._session, name) for name in self._session.pictures.styles
        ]
        # A session that fixes the number of steps gets exactly that many, hand or no hand.
        self._prompt = self._session.painting.epoch_steps is None
        self._fired: dict[str, int] = {}
        self._rev = -1

    def work(self) -> None:
        """Paint for ever: read this from top to bottom."""
        painter = self._new_painter()
        state = self._controls.read()
        while True:
            for order in self._orders():
                if isinstance(order, Stop):
                    return
                painter = self._carry_out(order, painter)
            if self._controls.newer:
                state = self._controls.read()
            changed = state is not None and self._take_over(state, painter)
            if state is not None and state.positions["paused"]:
                self._pause(painter, changed)
                continue
            if self._epoch(painter, changed) and self._report.state is not State.RUNNING:
                self._say(State.RUNNING)

    def _epoch(self, painter: Painter, changed: bool) -> bool:
        """Take an epoch's steps and publish; False where the picture had to be rolled back.

        The first epoch after a move is a single step: the hand sees its effect begin at once.
        """
        steps = 1 if changed and self._prompt else self._pace.plan()
        started = time.perf_counter()
        try:
            steps = painter.run(steps, self._beat)
        except DivergedError as error:
            self._say(State.ROLLING_BACK, str(error))
            return False
        seconds = time.perf_counter() - started
        self._pace.record(steps, seconds)
        self._progress.steps_per_s = steps / seconds
        self._publish(painter)
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
            painter.apply(state.positions)
            self._rev = state.rev
        if sent:
            for name, count in state.triggers.items():
                if count != self._fired.get(name, 0) and self._table[name].engine:
                    getattr(painter, name)()
            self._fired = dict(state.triggers)
        return moved or sent

    def _publish(self, painter: Painter) -> None:
        losses = painter.losses()
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
            )
        )
        self._progress.epoch += 1

    def _new_painter(self) -> Painter:
        """Build, trace and calibrate; meanwhile viewers see the picture that will be painted."""
        self._say(State.COMPILING)
        session = self._session
        init = gallery.init(session, self._content)
        painter = Painter(session, self._content, self._styles, init)
        state = self._controls.read()
        if state is not None:
            self._rev = state.rev
            self._fired = dict(state.triggers)  # sent to the worker before; not to be repeated
            painter.apply(state.positions)
        self._publish(painter)
        painter.run(_WARM_UP_STEPS)
        if session.painting.calibrate:
            painter.calibrate()
        painter.reset()
        self._report = replace(
            self._report,
            width=painter.width,
            height=painter.height,
            weights=painter.weights_label,
        )
        return painter

    def _carry_out(self, order: SetContent | SetStyle, painter: Painter) -> Painter:
        """Swap a picture; one that cannot be used is refused and painting goes on."""
        try:
            if isinstance(order, SetStyle):
                style = gallery.style(self._session, order.path)
                painter.set_style(order.index, style)
                self._styles[order.index] = style
                return painter
            content = gallery.content(self._session, order.path)
            if content.shape == self._content.shape:
                painter.set_content(content)
                painter.reset()
                self._content = content
                return painter
            # Another shape is another model. The old content stays until the new one works.
            before, self._content = self._content, content
            try:
                return self._new_painter()
            except StyletuneError:
                self._content = before
                raise
        except StyletuneError as error:
            self._pipe.send(Refused(order.what, str(error), order.path))
            return painter

    def _orders(self) -> Iterator[SetContent | SetStyle | Stop]:
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
