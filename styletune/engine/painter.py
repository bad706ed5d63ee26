"""A painting in progress: pictures in, steps taken, a picture out.

Used by the worker, without end, and by `OfflinePainter`, once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.config import SessionConfig
from styletune.engine import control_inputs
from styletune.engine.control_inputs import ControlInputs, Losses, LossScales
from styletune.engine.display import Display
from styletune.engine.divergence import LastGood
from styletune.engine.initial_image import initial_image, stroke_noise
from styletune.engine.model import StyleTransfer
from styletune.engine.solver import Solver
from styletune.engine.state import PaintingState, Picture, Pixels
from styletune.engine.style_targets import StyleTargets
from styletune.engine.train_step import StepCallback, no_callback
from styletune.errors import StyletuneError
from styletune.ipc.frame_block import Term
from styletune.looks.runner import LookRunner
from styletune.networks import check_size
from styletune.terms import layer_terms

KICK_NOISE = 40.0  # standard deviation in pixel values: visible, yet the picture survives
# Of so many syncs one brings the terms that count nothing, too: about once a second.
ALL_TERMS_EVERY = 10


class DivergedError(StyletuneError):
    """The painting diverged; the painter went back to the last good picture."""


class Painter:
    """Paints one content picture in one to four styles.

    Args:
        session: network, optimizer, painting settings and the controls at the start.
        content: sets the size of the painting.
        styles: one or more, each of any size.
        init: the picture to start from where `session.painting.init` names a file; fitted to
            the content's size by the caller.
        look: what paints the picture to start from where `session.painting.init` is `look`.

    Attributes:
        layers: the selected ones.
        steps_taken: whose outcome is on the host.

    Raises:
        PictureError: too small for the network's pooling.
        WeightsError: the network's weights cannot be had.
    """

    def __init__(
        self,
        session: SessionConfig,
        content: Picture,
        styles: Sequence[Picture],
        init: Picture | None = None,
        look: LookRunner | None = None,
    ) -> None:
        self.session = session
        self.layers = session.network.selected_layers
        self.height, self.width = content.shape[:2]
        for picture in (content, *styles):
            self._check_size(picture)
        self.solver = Solver(session, self.height, self.width)
        self.inputs = ControlInputs(session.table(), session.positions(), len(self.layers))
        self._content = content.astype(np.float32)
        self._display = Display(self._content)
        self._last_good = LastGood(self._content)
        self.steps_taken = 0
        self._syncs = self._unsynced = 0  # how often; steps since the last
        self._lr_factor = 1.0  # by a schedule
        self._raw: Mapping[str, npt.NDArray[np.float64]] = {
            term: np.zeros_like(weights) for term, weights in self.inputs.weights.items()
        }
        self._init_file = None if init is None else init.astype(np.float32)
        self._look = look
        self.solver.set_content_target(self._content)
        self._first_style = styles[0].astype(np.float32)
        self._style_targets = StyleTargets(
            self.height,
            self.width,
            {
                layer: [loss for loss in self.solver.losses(layer) if loss.source == "style"]
                for layer in self.layers
            },
            self.solver.extract,
        )
        for index, style in enumerate(styles):
            self._style_targets.set(index, style.astype(np.float32))
        self._blend_styles()
        self.reset()

    def _check_size(self, picture: Picture) -> None:
        check_size(self.session.network.name, self.layers, picture.shape[1], picture.shape[0])

    # Pictures

    def set_content(self, content: Picture) -> None:
        """Take another content picture of the same size; the painting goes on from where it is.

        Raises:
            ValueError: another size (the caller makes a new painter for that).
        """
        if content.shape != (self.height, self.width, 3):
            raise ValueError(
                f"content must have shape {(self.height, self.width, 3)}; received {content.shape}"
            )
        self._content = content.astype(np.float32)
        self._display.set_content(self._content)
        self.solver.set_content_target(self._content)
        self._last_good.clear_history()

    def set_style(self, index: int, style: Picture) -> None:
        """Take another style picture, of any size; the next free index adds one.

        Raises:
            PictureError: too small for the network's pooling.
            IndexError: there is no style of that index.
        """
        self._check_size(style)
        pixels = style.astype(np.float32)
        self._style_targets.set(index, pixels)
        if index == 0:
            self._first_style = pixels
        self._blend_styles()

    def remove_style(self, index: int) -> None:
        """Forget a style; those after it move up.

        Raises:
            IndexError: there is none of that index, or it is the only one.
        """
        self._style_targets.remove(index)
        self._blend_styles()

    def _blend_styles(self) -> None:
        self._style_targets.blend(self.inputs.style_shares(len(self._style_targets)))
        self._last_good.clear_history()

    # Controls

    def apply(self, positions: Mapping[str, float]) -> None:
        """Take over the positions of all faders and switches; nothing is traced."""
        self.inputs.positions = dict(positions)
        self._blend_styles()
        if not positions["average"]:
            self._display.clear()  # switched on again, it begins with what is painted then
        self._update_inputs()

    def _update_inputs(self) -> None:
        """Send to the device what the next steps use."""
        self.inputs.update()
        weights = [self.inputs.weights[term] for term in layer_terms()]
        self._depth = self.solver.depths.required_depth(*weights)
        self._set_learning_rate()

    def _set_learning_rate(self) -> None:
        rate = self.inputs.value("learning_rate") * self._lr_factor
        rate *= 0.5 if self._last_good.halved else 1.0
        self.solver.set_learning_rate(rate, self.inputs.choice("optimizer"))

    def set_lr_factor(self, factor: float) -> None:
        """Multiply the learning rate by `factor` from now on; see `optimizers.SCHEDULES`."""
        self._lr_factor = factor
        self._set_learning_rate()

    @property
    def loss_scales(self) -> LossScales:
        """What the raw losses are multiplied by before their faders, by term."""
        return self.inputs.loss_scales

    def set_loss_scales(self, scales: LossScales) -> None:
        """Use scales that were measured elsewhere, at another size above all."""
        self.inputs.loss_scales = scales
        self._update_inputs()

    # Painting

    def run(
        self, steps: int, on_launch: StepCallback = no_callback, *, all_terms: bool | None = None
    ) -> int:
        """Take up to `steps` steps and bring their outcome; returns how many were taken.

        Args:
            on_launch: called after each launch with its steps; True ends the run there.
            all_terms: whether the first step also computes the terms that count nothing, for
                the table; None: now and then.

        Raises:
            DivergedError: see `sync`.
        """
        taken = self.step(steps, on_launch, all_terms=all_terms)
        self.sync()
        return taken

    def step(
        self, steps: int, on_launch: StepCallback = no_callback, *, all_terms: bool | None = None
    ) -> int:
        """Take up to `steps` steps, see `run`; `sync` must come before anything is read.

        Syncing waits for the device and copies a picture from it: a control that moves between
        two steps can do without.
        """
        if all_terms is None:
            all_terms = not self._unsynced and self._syncs % ALL_TERMS_EVERY == 0
        taken = self._launch(steps, on_launch, all_terms)
        self._unsynced += taken
        return taken

    def sync(self) -> None:
        """Bring losses and picture of the last step to the host.

        Raises:
            DivergedError: a gradient is not finite or the loss exploded; the picture is a good
                one again, with fresh moments, and the next steps are halved.
        """
        if not self._unsynced:
            return
        taken, self._unsynced = self._unsynced, 0
        self._syncs += 1
        self._raw = self.solver.raw_losses()
        self._check_divergence(self.steps_taken + taken)
        pixels, halved = self.pixels(), self._last_good.halved
        self._last_good.accept(pixels, taken)
        self.steps_taken += taken
        if halved:
            self._set_learning_rate()
        if self.inputs.positions["average"]:
            self._display.add(pixels, taken)

    def _launch(self, steps: int, on_launch: StepCallback, all_terms: bool) -> int:
        """Take the steps; the first may compute all terms."""
        depths, inputs = self.solver.depths, self.inputs
        if not all_terms:
            return depths.run(self._depth, inputs.batch, steps, on_launch)
        ended = False

        def after(taken: int) -> bool:
            nonlocal ended
            ended = on_launch(taken)
            return ended

        taken = depths.run_full(inputs.batch_all_terms, 1, after)
        if ended or steps == 1:
            return taken
        return taken + depths.run(self._depth, inputs.batch, steps - 1, on_launch)

    def _check_divergence(self, step: int) -> None:
        """Go back to the last good picture where the steps up to `step` have diverged."""
        norm = self.solver.gradient_norm
        fault = self._last_good.check(norm, self.losses().total)
        if not fault:
            return
        self._set_image(self._last_good.roll_back(norm))
        self.reset_moments()
        raise DivergedError(
            f"{fault} after step {step}; back to the last good picture, with "
            "smaller steps: lower the learning rate or the fader moved last"
        )

    def pixels(self) -> Pixels:
        """The painting as it is optimised: (h, w, 3) float32, on the host; read only."""
        return self.solver.pixels()

    def picture(self) -> Picture:
        """The painting as it is shown, (h, w, 3) uint8.

        The last step's or the average's, in the colours that `color` asks for.
        """
        average = bool(self.inputs.positions["average"])
        color = self.inputs.choice("color")
        return self._display.render(self._last_good.image, average=average, color=color)

    def shown_pixels(self) -> Pixels:
        """What is shown, before its colours are changed: (h, w, 3) float32; read only."""
        average = bool(self.inputs.positions["average"])
        return self._display.shown(self._last_good.image, average=average)

    def losses(self) -> Losses:
        """The losses of the last step, at the picture from which that step was taken.

        Where terms of weight 0 are left out, their raw losses are those of the last time.
        """
        return self.inputs.weighted(self._raw)

    def loss_rows(self) -> dict[str, tuple[Term, ...]]:
        """Rows of the loss table: of each layer term, one for each layer."""
        return self.inputs.loss_rows(self.losses())

    def loss_and_gradient(self, pixels: Pixels) -> tuple[float, Pixels]:
        """The loss that the steps lower, and its gradient, at `pixels` (h, w, 3).

        The moments are disturbed; for optimizers that keep their own memory.

        Raises:
            DivergedError: the loss or the gradient is not finite.
        """
        gradient = self.solver.gradient(pixels, self.inputs.batch, self._depth)
        self._raw = self.solver.raw_losses()
        loss = self.losses().total
        if not np.isfinite([self.solver.gradient_norm, loss]).all():
            raise DivergedError("the picture was not finite; start again with other faders")
        self._last_good.image = pixels
        self.steps_taken += 1
        return loss / self.inputs.terms_in_mean, gradient

    # State

    @property
    def model(self) -> StyleTransfer:
        """The Keras model whose kernel is the painting."""
        return self.solver.model

    @property
    def main_style(self) -> Pixels:
        """The style picture with the largest share, (h, w, 3) float32; read only."""
        return self._style_targets.main_picture

    @property
    def weights_label(self) -> str:
        """Where the network's filters come from."""
        return self.solver.weights_label

    @property
    def traces(self) -> int:
        """How often a step was traced: once for each depth that was needed."""
        return self.solver.depths.traces

    @property
    def depth(self) -> int:
        """How many of the layers a step with the present weights must compute."""
        return self._depth

    def trace(self, depth: int | None = None) -> None:
        """Trace the step of a depth, or of the present one; may run beside `run`."""
        self.solver.depths.trace(depth or self._depth, self.inputs.batch)

    def state(self) -> PaintingState:
        """The painting as it stands, on the host; later steps do not touch what is returned."""
        return self.solver.state()

    @property
    def random_state(self) -> dict[str, Any]:
        """State of the generator of `kick`; plain values."""
        return dict(self._rng.bit_generator.state)

    @random_state.setter
    def random_state(self, state: dict[str, Any]) -> None:
        self._rng.bit_generator.state = state

    @property
    def average(self) -> dict[str, npt.NDArray[Any]]:
        """The average that is shown while the control `average` is on, as arrays by name."""
        return self._display.average

    @average.setter
    def average(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._display.average = arrays

    def restore(self, state: PaintingState) -> None:
        """Go on from a state; one of another size is resampled.

        Raises:
            ValueError: shapes that do not belong together, or values that are not finite.
        """
        if not state.is_valid:
            raise ValueError("a state needs finite float32 arrays of one shape (h, w, 3)")
        normalized = self.session.optimizer.normalize
        state = state.resized(self.height, self.width, normalized=normalized)
        self._set_image(state.picture)
        self.solver.restore(state)

    def continue_from(self, other: "Painter") -> None:
        """Go on from where another painter stands, of any size."""
        self.restore(other.state())
        self._display.continue_from(other._display, self.height, self.width)

    def reset(self, seed: int | None = None) -> None:
        """Start again from the first picture, with the session's seed or another."""
        self._rng = np.random.default_rng(self.session.painting.seed if seed is None else seed)
        kind = self.session.painting.init
        content, style = self._content, self._first_style
        other, inputs = self._init_file, self.inputs
        if self._look is not None:
            painted = self._look.paint_at(content.astype(np.uint8), inputs.table, inputs.positions)
            other = painted.astype(np.float32)
        self._set_image(initial_image(kind, content, style, other, self._rng))
        self._last_good.end_halving()
        self.reset_moments()

    def paint_from(self, pixels: Pixels) -> None:
        """Paint on from another picture, (h, w, 3) 0..255, with the moments of the one before."""
        self._set_image(pixels)

    def show(self, picture: Picture, content: Picture) -> None:
        """Go on from a picture that was not painted by steps; losses stay until `measure`.

        Args:
            content: that it was painted from, both (h, w, 3) uint8; it lends its colours. To be
                compared with it, too, takes `set_content`.
        """
        self._display.set_content(content.astype(np.float32))
        self._set_image(picture.astype(np.float32))

    def measure(self) -> None:
        """Bring the losses of the picture as it stands, without a step; resets the moments."""
        self.solver.gradient_norm_for(self.inputs.batch_all_terms)
        self._raw = self.solver.raw_losses()
        self.reset_moments()

    def kick(self) -> None:
        """Shake the painting with noise as large as strokes."""
        noise = KICK_NOISE * stroke_noise(self.height, self.width, self._rng)
        self._set_image(np.clip(self._last_good.image + noise, 0, 255).astype(np.float32))

    def calibrate(self) -> None:
        """Measure the scales of all terms on the seeded reference; resets the moments."""
        before = self.pixels()
        reference = control_inputs.reference_picture(self._content, self.session.painting.seed)
        self.inputs.loss_scales = control_inputs.calibrate(
            len(self.layers), lambda weights: self.gradient_norm(reference, weights)
        )
        self._set_image(before)
        self.reset_moments()

    def gradient_norm(self, pixels: Pixels, weights: Mapping[str, npt.ArrayLike]) -> float:
        """‖∂loss/∂picture‖₂ at `pixels` with these weights by term.

        Leaves the picture at `pixels` and the moments disturbed: for calibration.
        """
        self._set_image(pixels)
        return self.solver.gradient_norm_for(self.inputs.make_batch(weights))

    def _set_image(self, pixels: Pixels) -> None:
        """Paint on from another picture."""
        self.solver.set_image(pixels)
        self._last_good.set_image(pixels)
        self._display.clear()

    def reset_moments(self) -> None:
        """Let the next steps begin with no memory of the picture before."""
        self.solver.reset_moments()
        self._update_inputs()
