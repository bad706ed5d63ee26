"""The painting loop of the worker process.

Each epoch: apply the parent's commands, read the controls, take steps or let the learned look
paint, publish the picture with its losses and the revision that it was painted with.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from styletune.engine import backend
from styletune.engine.canvas_builder import CanvasBuilder, warm_up
from styletune.engine.divergence import DivergenceCounter
from styletune.engine.moment import Moment
from styletune.engine.painter import DivergedError, Painter
from styletune.errors import StyletuneError
from styletune.ipc import commands
from styletune.ipc.commands import (
    CameraTaken,
    Command,
    DrawLayer,
    FrameReady,
    LookCommand,
    Report,
    Run,
    State,
    Stop,
    WorkerConfig,
)
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import Frame, FrameBlock
from styletune.networks import control_effect
from styletune.takes.lines import Frame as FrameLine
from styletune.takes.lines import Reset, Sync, Trigger
from styletune.worker import faults
from styletune.worker.checkpoints import CheckpointManager
from styletune.worker.layer_drawing import LayerDrawing
from styletune.worker.live_look import LiveLook
from styletune.worker.pacing import EpochPacer
from styletune.worker.recorder import TakeRecorder
from styletune.worker.runs import RunQueue

# How often a paused worker polls commands and controls: far below what anyone notices.
_IDLE_S = 0.01
# The same while a look waits for something new to paint.
_LIVE_IDLE_S = 0.005


def main(job: WorkerConfig, pipe: Connection) -> None:
    """Run until the parent sends Stop or is gone."""
    controls = ControlBlock.attach(job.control_block, job.session.table())
    frames = FrameBlock.attach(job.frame_block, job.session.network.selected_layers, job.size_px)
    try:
        PaintLoop(job, controls, frames, pipe).run()
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


class PaintLoop:
    """One painting process: its painter, its two blocks and the pipe to the parent."""

    def __init__(
        self, job: WorkerConfig, controls: ControlBlock, frames: FrameBlock, pipe: Connection
    ) -> None:
        self._session = job.session
        self._table = job.session.table()
        self._controls = controls
        self._frames = frames
        self._pipe = pipe
        self._checkpoints = CheckpointManager(
            job.checkpoints, lambda why: self._set_state(self._report.state, why)
        )
        self._progress = Progress(
            max(job.first_epoch, self._checkpoints.epoch),
            max(job.first_step, self._checkpoints.step),
        )
        self._faults = faults.from_environment(self._progress.step)
        self._report = Report(
            State.STARTING,
            device=backend.describe(),
            network=job.session.network.name,
            backend=backend.backend(),
        )
        self._pacer = EpochPacer(
            self._session.painting.epoch_ms / 1e3, self._session.painting.epoch_steps
        )
        self._set_state(State.STARTING)
        state = controls.read()
        self._rev = -1 if state is None else state.rev
        # Triggers sent to the worker before are not to be repeated.
        self._trigger_counts = {} if state is None else dict(state.triggers)
        self._positions = self._session.positions() if state is None else state.positions
        self._last_moved = ""  # a control
        self._divergences = DivergenceCounter()
        self._runs = RunQueue()
        self._canvas_builder = CanvasBuilder(
            job.session,
            self._positions,
            on_progress=lambda text: self._set_state(self._report.state, text),
            reject=pipe.send,
        )
        self._layer_drawing = LayerDrawing(self._try_send)
        self._live = LiveLook(job.session, pipe.send, lambda: self._try_send(CameraTaken()))
        self._recorder = TakeRecorder(
            job.session,
            job.recordings,
            self._report.device,
            lambda why: self._set_state(self._report.state, why),
        )

    def run(self) -> None:
        """Paint without end."""
        painter = self._first_painter()
        while True:
            shown = painter
            swapped = False
            for command in self._poll_commands():
                if isinstance(command, Stop):
                    self._recorder.close()
                    self._checkpoints.save_final(painter, self._progress.epoch, self._progress.step)
                    return
                if isinstance(command, Run):
                    self._runs.pending = command
                elif isinstance(command, DrawLayer):
                    self._layer_drawing.request(command.layer)
                elif isinstance(command, LookCommand):
                    self._live.apply_command(command, painter, self._canvas_builder.canvas.content)
                else:
                    self._canvas_builder.apply_command(command, painter, self._positions)
                    self._recorder.note_pictures(self._moment(painter))
                    swapped = True
            changed = self._read_controls(painter)
            painter = self._swap_painter_when_ready(painter)
            if self._live.active and not self._is_live():
                self._live.leave(painter)
                self._recorder.begin(self._moment(painter))
            self._recorder.update(self._moment(painter))
            self._layer_drawing.poll(painter)
            # A moved control wants the first step at once; a started run, its last one.
            moved = not self._start_pending_run(painter) and changed
            self._checkpoints.maybe_save(painter, self._progress.epoch, self._progress.step)
            self._faults.inject(self._progress.step, painter, self._frames)
            if self._divergences.needs_user or self._positions["paused"]:
                self._idle(painter, changed or swapped or painter is not shown)
                continue
            if self._is_holding(changed):
                continue
            if self._is_live():
                self._run_live(painter, changed)
            elif self._run_epoch(painter, moved) and self._report.state is not State.RUNNING:
                self._set_state(State.RUNNING)
            self._announce_look()

    def _run_epoch(self, painter: Painter, moved: bool) -> bool:
        """Take an epoch's steps and publish; False where the picture had to be rolled back.

        Args:
            moved: whether a control has moved since the last epoch.
        """
        planned, taken = self._pacer.plan_epoch(moved), 0
        started = time.perf_counter()
        try:
            while True:
                taken += self._run_steps(painter, planned - taken, first=not taken)
                if taken >= planned or self._runs.current.done:
                    break
                # The first move ends the epoch; while moves go on, each step applies them.
                if self._pacer.is_interruptible and self._controls.has_newer:
                    break
                if not self._pacer.has_fixed_steps and self._read_controls(painter):
                    self._pacer.note_change()
                if self._positions["paused"]:
                    break
            painter.sync()
        except DivergedError as error:
            self._on_divergence(str(error))
            return False
        seconds = time.perf_counter() - started
        self._pacer.record(taken, seconds)
        self._progress.steps_per_s = taken / seconds
        self._publish(painter)
        return True

    def _is_live(self) -> bool:
        """Whether the learned look paints; a run, which counts steps, is the painter's."""
        return not self._runs.is_active and self._live.is_on(self._positions)

    def _run_live(self, painter: Painter, changed: bool) -> None:
        """Publish the source's newest picture as the look paints it; waits where there is none."""
        if self._live.paint(painter, self._canvas_builder.canvas.content, self._positions, changed):
            self._progress.steps_per_s = self._live.pictures_per_s
            self._publish(painter)
            if self._report.state is not State.RUNNING:
                self._set_state(State.RUNNING)
        else:
            self._pipe.poll(_LIVE_IDLE_S)
        self._frames.write_heartbeat(self._progress.step)

    def _announce_look(self) -> None:
        """Report the look that is chosen, and whether it paints, where that has changed."""
        now = replace(
            self._report,
            look=self._live.name,
            live=self._live.label,
            source=self._live.source,
        )
        if now != self._report:
            self._report = now
            self._set_state(self._report.state, self._report.message)

    def _run_steps(self, painter: Painter, most: int, *, first: bool) -> int:
        """Take as many steps as an active run allows; returns how many were taken.

        Args:
            first: whether these are an epoch's first.
        """
        steps, all_terms = self._runs.limit_steps(most)
        taken = painter.step(
            steps, self._heartbeat, all_terms=all_terms if first else bool(all_terms)
        )
        if self._runs.is_active:
            painter.sync()
            self._recorder.write(Sync(time=self._recorder.now(), step=self._progress.step))
            self._runs.record(taken, painter.losses().total, time.monotonic())
        return taken

    def _start_pending_run(self, painter: Painter) -> bool:
        """Start the pending run once the canvas for its controls and pictures is there.

        They were sent before it; until a canvas of another size is built, painting goes on.

        Returns:
            Whether one has started.
        """
        if self._runs.pending is None or not self._canvas_builder.is_current(self._positions):
            return False
        run = self._runs.start()
        if run is not None and run.reset:
            painter.reset(run.seed)
            self._recorder.write(
                Reset(time=self._recorder.now(), step=self._progress.step, seed=run.seed)
            )
        return run is not None

    def _is_holding(self, changed: bool) -> bool:
        """Whether a finished run's picture stands still; waits for a command then."""
        if not self._runs.is_holding(changed, time.monotonic()):
            return False
        self._frames.write_heartbeat(self._progress.step)
        self._pipe.poll(_IDLE_S)
        return True

    def _heartbeat(self, steps: int) -> bool:
        """After each launch: a sign of life; True where a control has moved meanwhile.

        So that a slider waits for one step and not for a whole epoch.
        """
        self._progress.step += steps
        self._frames.write_heartbeat(self._progress.step)
        return self._controls.has_newer and not self._pacer.has_fixed_steps

    def _idle(self, painter: Painter, changed: bool) -> None:
        """Stand still; what has changed still shows: a slider in the table, another picture."""
        if self._report.state is not State.PAUSED:
            self._set_state(State.PAUSED)
            changed = True
        if self._progress.steps_per_s:
            self._progress.steps_per_s = 0.0
            changed = True
        if changed:
            self._publish(painter)
        self._frames.write_heartbeat(self._progress.step)
        time.sleep(_IDLE_S)

    def _read_controls(self, painter: Painter) -> bool:
        """Apply what has been moved and triggered meanwhile; False: nothing."""
        state = self._controls.read() if self._controls.has_newer else None
        return state is not None and self._apply_controls(state, painter)

    def _apply_controls(self, state: ControlState, painter: Painter) -> bool:
        """Apply faders and switches that moved, then triggers that were sent; False if none.

        Triggers do not raise the revision. One sent several times within an epoch happens once:
        two resets are one, and two kicks shake no better.
        """
        moved, sent = state.rev != self._rev, state.triggers != self._trigger_counts
        if moved:
            self._last_moved = next(
                (name for name, at in state.positions.items() if at != self._positions[name]),
                self._last_moved,
            )
            before = self._positions
            self._rev, self._positions = state.rev, state.positions
            self._canvas_builder.rescale_styles(painter, state.positions)
            painter.apply(state.positions)
            self._recorder.move(before, self._moment(painter))
        if sent:
            painter.sync()  # what was painted before is not what comes of them
            for name, count in state.triggers.items():
                if count != self._trigger_counts.get(name, 0) and self._table[name].engine:
                    getattr(painter, name)()
                    self._recorder.write(
                        Trigger(time=self._recorder.now(), step=self._progress.step, name=name)
                    )
            self._trigger_counts = dict(state.triggers)
        if moved or sent:
            self._divergences.clear()
        return moved or sent

    def _on_divergence(self, why: str) -> None:
        """The painter has rolled back: go on with smaller steps, or wait for the user."""
        self._recorder.write(Sync(time=self._recorder.now(), step=self._progress.step))
        self._divergences.add(time.monotonic())
        if self._divergences.needs_user:
            moved = self._last_moved
            effect = control_effect(moved, self._session.network.name)
            self._set_state(State.PAUSED, self._divergences.message(why, moved, effect))
        else:
            self._set_state(State.ROLLING_BACK, why)

    def _publish(self, painter: Painter) -> None:
        """Publish the picture with its losses."""
        losses, run = painter.losses(), self._runs.current
        self._frames.publish(
            Frame(
                epoch=self._progress.epoch,
                step=self._progress.step,
                rev=self._rev,
                time=time.time(),
                steps_per_s=self._progress.steps_per_s,
                picture=painter.picture(),
                terms=painter.loss_rows(),
                smooth=float(losses.weighted["smooth"][0]),
                total=losses.total,
                run=run.command.run,
                run_step=run.taken,
                run_done=run.done,
            )
        )
        self._recorder.write(
            FrameLine(time=self._recorder.now(), step=self._progress.step, live=self._live.active)
        )
        self._try_send(FrameReady())
        self._progress.epoch += 1

    def _try_send(self, message: object) -> None:
        """Wake the parent, which comes by itself where there is no room to."""
        commands.try_send(self._pipe, message)

    def _first_painter(self) -> Painter:
        """The first painter; meanwhile viewers see the picture that will be painted.

        What was painted before a crash goes on at its full size at once.
        """
        self._set_state(State.COMPILING, "building the network, measuring the pictures")
        painter = self._canvas_builder.first_painter(
            self._positions, full=self._checkpoints.latest is not None or self._is_live()
        )
        self._checkpoints.restore(painter)
        if self._is_live():
            self._live.preview(painter, self._canvas_builder.canvas.content, self._positions)
        self._publish(painter)
        self._set_state(State.COMPILING, "compiling the first steps")
        warm_up(painter)
        restored = self._checkpoints.restore(painter)
        self._announce_canvas(painter)
        self._recorder.begin(self._moment(painter, fresh=not (restored or self._live.active)))
        return painter

    def _swap_painter_when_ready(self, painter: Painter) -> Painter:
        """Go on with the painter of another canvas, once it has been built."""
        before = self._canvas_builder.canvas
        made = self._canvas_builder.poll(painter, self._positions)
        if made is not painter:
            self._recorder.note_canvas(before, self._moment(made))
            self._pacer.reset()
            self._live.continue_on(made, self._canvas_builder.canvas.content)
            self._announce_canvas(made)
        return made

    def _moment(self, painter: Painter, *, fresh: bool = False) -> Moment:
        """Where it stands, for the recorder."""
        return Moment(
            painter, self._canvas_builder.canvas, self._positions, self._rev,
            self._progress.step, fresh,
        )  # fmt: skip

    def _announce_canvas(self, painter: Painter) -> None:
        """Report the canvas."""
        self._report = replace(
            self._report,
            width=painter.width,
            height=painter.height,
            weights=painter.weights_label,
        )
        if self._report.state in (State.RUNNING, State.PAUSED):
            self._set_state(self._report.state)

    def _poll_commands(self) -> Iterator[Command]:
        while self._pipe.poll():
            try:
                yield self._pipe.recv()
            except EOFError:  # the parent is gone
                yield Stop()
                return

    def _set_state(self, state: State, message: str = "") -> None:
        self._report = replace(
            self._report,
            state=state,
            message=message,
            memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            steps_per_epoch=self._pacer.steps_per_epoch() if self._pacer.step_s else 0,
        )
        self._pipe.send(self._report)
