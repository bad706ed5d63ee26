"""A painting in progress: two kinds of picture in, steps taken, a picture out.

Used by the worker (for ever) and by `styletune paint` (once). Knows nothing about processes,
shared memory and clocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from styletune.config import SessionConfig
from styletune.engine import control_inputs
from styletune.engine.control_inputs import ControlInputs
from styletune.engine.display import Display
from styletune.engine.divergence import LastGood
from styletune.engine.initial_image import initial_image
from styletune.engine.model import StyleTransfer
from styletune.engine.solver import Solver
from styletune.engine.state import PaintingState, Picture, Pixels
from styletune.engine.style_targets import StyleTargets
from styletune.engine.train_step import StepCallback, no_callback
from styletune.errors import StyletuneError
from styletune.ipc.frame_block import Term
from styletune.networks import check_size

KICK_NOISE = 40.0  # standard deviation in pixel values: visible, yet the picture survives
# Of so many looks one hears the terms that count nothing, too: about once a second.
ALL_TERMS_EVERY = 10


class DivergedError(StyletuneError):
    """The painting diverged; the painter went back to the last good picture."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss table after a step: raw and weighted, (n,) float64 each, one per layer."""

    content_raw: npt.NDArray[np.float64]
    style_raw: npt.NDArray[np.float64]
    content: npt.NDArray[np.float64]
    style: npt.NDArray[np.float64]
    smooth: float

    @property
    def total(self) -> float:
        """Sum of all weighted terms and the smoothness."""
        return float(self.content.sum() + self.style.sum() + self.smooth)


class Painter:
    """Paints one content picture in one to four styles.

    Args:
        session: network, optimizer, painting settings and the controls at the start.
        content: sets the size of the painting.
        styles: one or more, each of any size.
        init: the picture to start from where `session.painting.init` names a file; fitted to
            the content's size by the caller.

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
    ) -> None:
        self.session = session
        self.table = session.table()
        self.layers = session.network.selected_layers
        self.height, self.width = content.shape[:2]
        for picture in (content, *styles):
            self._check_size(picture)
        self.solver = Solver(session, self.height, self.width)
        self.inputs = ControlInputs(self.table, session.positions(), len(self.layers))
        self._content = content.astype(np.float32)
        self._display = Display(self._content)
        self._last_good = LastGood(self._content)
        self.steps_taken = 0
        self._syncs = self._unsynced = 0  # steps that have not been looked at
        self._lr_factor = 1.0  # factor of the learning rate, by a schedule
        self._raw, self._variation = np.zeros(2 * len(self.layers)), 0.0
        self._init_file = None if init is None else init.astype(np.float32)
        self.solver.set_content_target(self._content)
        self._first_style = styles[0].astype(np.float32)
        self._style_targets = StyleTargets(self.solver.style_losses, self.solver.extract)
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

    def effective_weights(self, term: str) -> npt.NDArray[np.float64]:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return self.inputs.effective_weights(term)

    def _update_inputs(self) -> None:
        """Lay what the next steps use on the device."""
        self.inputs.update()
        self._depth = self.solver.depths.required_depth(self.inputs.content, self.inputs.style)
        self._set_learning_rate()

    def _set_learning_rate(self) -> None:
        rate = self.inputs.value("learning_rate") * self._lr_factor
        rate *= 0.5 if self._last_good.halved else 1.0
        self.solver.set_learning_rate(rate, descent=self.inputs.choice("optimizer") == "gd")

    def set_lr_factor(self, factor: float) -> None:
        """Multiply the learning rate by `factor` from now on; see `schedule`."""
        self._lr_factor = factor
        self._set_learning_rate()

    @property
    def loss_scales(self) -> control_inputs.LossScales:
        """What the raw losses are multiplied by before their faders."""
        return self.inputs.loss_scales

    def set_loss_scales(self, units: control_inputs.LossScales) -> None:
        """Use units that were measured elsewhere, at another size above all."""
        self.inputs.loss_scales = units
        self._update_inputs()

    # Painting

    def run(
        self, steps: int, on_launch: StepCallback = no_callback, *, all_terms: bool | None = None
    ) -> int:
        """Take up to `steps` steps and look at what they have left; returns how many were taken.

        Args:
            on_launch: called after each launch with its steps; True ends the run there.
            all_terms: whether the first step also hears the terms that count nothing, for the
                table; None: now and then.

        Raises:
            DivergedError: as `look` says.
        """
        taken = self.step(steps, on_launch, all_terms=all_terms)
        self.sync()
        return taken

    def step(
        self, steps: int, on_launch: StepCallback = no_callback, *, all_terms: bool | None = None
    ) -> int:
        """Take up to `steps` steps, see `run`; a `look` must come before anything is asked for.

        Looking waits for the device and brings a picture from it: a hand that moves something
        between two steps need not.
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
        self._raw, self._variation = self.solver.raw_losses()
        self._check_divergence(self.steps_taken + taken)
        pixels, halved = self.pixels(), self._last_good.halved
        self._last_good.accept(pixels, taken)
        self.steps_taken += taken
        if halved:
            self._set_learning_rate()
        if self.inputs.positions["average"]:
            self._display.add(pixels, taken)

    def _launch(self, steps: int, on_launch: StepCallback, all_terms: bool) -> int:
        """Take the steps; the first may hear all terms."""
        depths, mix = self.solver.depths, self.inputs
        if not all_terms:
            return depths.run(self._depth, mix.batch, steps, on_launch)
        ended = False

        def after(taken: int) -> bool:
            nonlocal ended
            ended = on_launch(taken)
            return ended

        taken = depths.run_full(mix.batch_all_terms, 1, after)
        if ended or steps == 1:
            return taken
        return taken + depths.run(self._depth, mix.batch, steps - 1, on_launch)

    def _check_divergence(self, step: int) -> None:
        """Go back to the last good picture where the run that ended with `step` has diverged."""
        norm = self.solver.gradient_norm
        fault = self._last_good.check(norm, self.losses().total)
        if not fault:
            return
        self._set_image(self._last_good.roll_back(norm))
        self._reset_moments()
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

    def losses(self) -> Losses:
        """The table of the last step, at the picture from which that step was taken.

        Where silent terms are left out, their raw losses are those of the last look.
        """
        count, mix = len(self.layers), self.inputs
        return Losses(
            content_raw=self._raw[:count],
            style_raw=self._raw[count:],
            content=self._raw[:count] * mix.content,
            style=self._raw[count:] * mix.style,
            # The model's loss is the mean of the 2n terms plus the smoothness: on their scale.
            smooth=self._variation * mix.smooth * 2 * count,
        )

    def loss_and_gradient(self, pixels: Pixels) -> tuple[float, Pixels]:
        """The loss that the steps lower, and its gradient, at `pixels` (h, w, 3).

        The moments are disturbed; for optimizers that keep their own memory.

        Raises:
            DivergedError: the loss or the gradient is not finite.
        """
        gradient = self.solver.gradient(pixels, self.inputs.batch, self._depth)
        self._raw, self._variation = self.solver.raw_losses()
        loss = self.losses().total
        if not np.isfinite([self.solver.gradient_norm, loss]).all():
            raise DivergedError("the picture was not finite; start again with other faders")
        self._last_good.image = pixels
        self.steps_taken += 1
        return loss / (2 * len(self.layers)), gradient

    # The whole of it

    @property
    def model(self) -> StyleTransfer:
        """The Keras model whose kernel is the painting."""
        return self.solver.model

    @property
    def weights_label(self) -> str:
        """Where the network's filters come from."""
        return self.solver.weights_label

    @property
    def traces(self) -> int:
        """How often a step was traced: once for each depth in use, whatever is moved."""
        return self.solver.depths.traces

    def trace(self, *, all_depths: bool = True) -> None:
        """Trace the steps for shallow parts of the network; may run beside `run`.

        Args:
            all_depths: else only the one that the present weights need.
        """
        self.solver.depths.trace(self.inputs.batch, None if all_depths else self._depth)

    def state(self) -> PaintingState:
        """The painting as it stands, on the host; later steps do not touch what is returned."""
        return self.solver.state()

    def restore(self, state: PaintingState) -> None:
        """Go on from a state; one of another size is resampled.

        Raises:
            ValueError: shapes that do not belong together, or values that are not finite.
        """
        if not state.is_finite:
            raise ValueError("a state needs finite arrays of one shape (h, w, 3)")
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
        self._set_image(initial_image(kind, content, style, self._init_file, self._rng))
        self._last_good.end_halving()
        self._reset_moments()

    def kick(self) -> None:
        """Shake the painting with noise."""
        good = self._last_good.image
        noise = self._rng.normal(0, KICK_NOISE, good.shape)
        self._set_image(np.clip(good + noise, 0, 255).astype(np.float32))

    def calibrate(self) -> None:
        """Measure the units of all terms on the seeded reference; resets the moments."""
        before = self.pixels()
        reference = control_inputs.reference_picture(self._content, self.session.painting.seed)
        self.inputs.loss_scales = control_inputs.calibrate(
            len(self.layers), lambda hot: self.gradient_norm(reference, hot)
        )
        self._set_image(before)
        self._reset_moments()

    def gradient_norm(self, pixels: Pixels, hot: npt.NDArray[np.float32]) -> float:
        """‖∂loss/∂picture‖₂ at `pixels` with the weights `hot`: content, style, smooth, (2n + 1,).

        Leaves the picture at `pixels` and the moments disturbed: for calibration.
        """
        self._set_image(pixels)
        return self.solver.gradient_norm_for(hot)

    def _set_image(self, pixels: Pixels) -> None:
        """Paint on from another picture."""
        self.solver.set_image(pixels)
        self._last_good.set_image(pixels)
        self._display.clear()

    def _reset_moments(self) -> None:
        self.solver.reset_moments()
        self._update_inputs()


# The rows of the loss table, from the arrays of a painter.


Array = npt.NDArray[np.float64]


def loss_rows(raw: Array, weight: Array, weighted: Array, losses: Losses) -> tuple[Term, ...]:
    """Rows of the loss table from arrays of shape (n,)."""
    total = losses.total or 1.0  # all silent: shares of 0, not of nothing
    return tuple(
        Term(float(r), float(w), float(x), float(x) / total)
        for r, w, x in zip(raw, weight, weighted, strict=True)
    )
