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
from styletune.engine.train_step import StepCallback, never
from styletune.engine.vgg import check_size
from styletune.errors import StyletuneError
from styletune.ipc.frame_block import Term

KICK_NOISE = 40.0  # standard deviation in pixel values: visible, yet the picture survives
# Of so many looks one hears the terms that count nothing, too: about once a second.
_LISTEN_EVERY = 10


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
        self.layers = session.network.played
        self.height, self.width = content.shape[:2]
        for picture in (content, *styles):
            self._check_size(picture)
        self.solver = Solver(session, self.height, self.width)
        self.mix = ControlInputs(self.table, session.positions(), len(self.layers))
        self._content = content.astype(np.float32)
        self._display = Display(self._content)
        self._rollback = LastGood(self._content)
        self.step = 0
        self._looks = self._unseen = 0  # steps that have not been looked at
        self._ease = 1.0  # factor of the learning rate, by a schedule
        self._raw, self._variation = np.zeros(2 * len(self.layers)), 0.0
        self._init_file = None if init is None else init.astype(np.float32)
        self.solver.aim(self._content)
        self._first_style = styles[0].astype(np.float32)
        self._styles = StyleTargets(self.solver.style_losses, self.solver.extract)
        for index, style in enumerate(styles):
            self._styles.put(index, style.astype(np.float32))
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
        self._display.take_colors(self._content)
        self.solver.aim(self._content)
        self._rollback.moved()

    def set_style(self, index: int, style: Picture) -> None:
        """Take another style picture, of any size; the next free index adds one.

        Raises:
            PictureError: too small for the network's pooling.
            IndexError: there is no style of that index.
        """
        self._check_size(style)
        pixels = style.astype(np.float32)
        self._styles.put(index, pixels)
        if index == 0:
            self._first_style = pixels
        self._blend_styles()

    def remove_style(self, index: int) -> None:
        """Forget a style; those after it move up.

        Raises:
            IndexError: there is none of that index, or it is the only one.
        """
        self._styles.remove(index)
        self._blend_styles()

    def _blend_styles(self) -> None:
        self._styles.blend(self.mix.shares(len(self._styles)))
        self._rollback.moved()

    # Controls

    def apply(self, positions: Mapping[str, float]) -> None:
        """Take over the positions of all faders and switches; nothing is traced."""
        self.mix.positions = dict(positions)
        self._blend_styles()
        if not positions["average"]:
            self._display.clear()  # switched on again, it begins with what is painted then
        self._feed()

    def heard(self, term: str) -> npt.NDArray[np.float64]:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return self.mix.heard(term)

    def _feed(self) -> None:
        """Lay what the next steps use on the device."""
        self.mix.feed()
        self._needed = self.solver.depths.needed(self.mix.content, self.mix.style)
        self._steer()

    def _steer(self) -> None:
        rate = self.mix.value("learning_rate") * self._ease
        rate *= 0.5 if self._rollback.halved else 1.0
        self.solver.steer(rate, descent=self.mix.chosen("optimizer") == "gd")

    def ease(self, factor: float) -> None:
        """Multiply the learning rate by `factor` from now on; see `schedule`."""
        self._ease = factor
        self._steer()

    @property
    def units(self) -> control_inputs.LossScales:
        """What the raw losses are multiplied by before their faders."""
        return self.mix.units

    def weigh(self, units: control_inputs.LossScales) -> None:
        """Use units that were measured elsewhere, at another size above all."""
        self.mix.units = units
        self._feed()

    # Painting

    def run(
        self, steps: int, on_launch: StepCallback = never, *, listen: bool | None = None
    ) -> int:
        """Take up to `steps` steps and look at what they have left; returns how many were taken.

        Args:
            on_launch: called after each launch with its steps; True ends the run there.
            listen: whether the first step also hears the terms that count nothing, for the
                table; None: now and then.

        Raises:
            DivergedError: as `look` says.
        """
        taken = self.take(steps, on_launch, listen=listen)
        self.look()
        return taken

    def take(
        self, steps: int, on_launch: StepCallback = never, *, listen: bool | None = None
    ) -> int:
        """Take up to `steps` steps, see `run`; a `look` must come before anything is asked for.

        Looking waits for the device and brings a picture from it: a hand that moves something
        between two steps need not.
        """
        if listen is None:
            listen = not self._unseen and self._looks % _LISTEN_EVERY == 0
        taken = self._take(steps, on_launch, listen)
        self._unseen += taken
        return taken

    def look(self) -> None:
        """Bring losses and picture of the last step to the host.

        Raises:
            DivergedError: a gradient is not finite or the loss exploded; the picture is a good
                one again, with fresh moments, and the next steps are halved.
        """
        if not self._unseen:
            return
        taken, self._unseen = self._unseen, 0
        self._looks += 1
        self._raw, self._variation = self.solver.raw()
        self._check(self.step + taken)
        pixels, halved = self.pixels(), self._rollback.halved
        self._rollback.keep(pixels, taken)
        self.step += taken
        if halved:
            self._steer()
        if self.mix.positions["average"]:
            self._display.add(pixels, taken)

    def _take(self, steps: int, on_launch: StepCallback, listen: bool) -> int:
        """Take the steps; the first may hear all terms."""
        depths, mix = self.solver.depths, self.mix
        if not listen:
            return depths.run(self._needed, mix.data, steps, on_launch)
        ended = False

        def after(taken: int) -> bool:
            nonlocal ended
            ended = on_launch(taken)
            return ended

        taken = depths.run_whole(mix.listening, 1, after)
        if ended or steps == 1:
            return taken
        return taken + depths.run(self._needed, mix.data, steps - 1, on_launch)

    def _check(self, step: int) -> None:
        """Go back to the last good picture where the run that ended with `step` has diverged."""
        norm = self.solver.gradient_norm
        fault = self._rollback.fault(norm, self.losses().total)
        if not fault:
            return
        self._put(self._rollback.back(norm))
        self._forget_moments()
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
        average = bool(self.mix.positions["average"])
        color = self.mix.chosen("color")
        return self._display.picture(self._rollback.good, average=average, color=color)

    def losses(self) -> Losses:
        """The table of the last step, at the picture from which that step was taken.

        Where silent terms are left out, their raw losses are those of the last look.
        """
        count, mix = len(self.layers), self.mix
        return Losses(
            content_raw=self._raw[:count],
            style_raw=self._raw[count:],
            content=self._raw[:count] * mix.content,
            style=self._raw[count:] * mix.style,
            # The model's loss is the mean of the 2n terms plus the smoothness: on their scale.
            smooth=self._variation * mix.smooth * 2 * count,
        )

    def evaluate(self, pixels: Pixels) -> tuple[float, Pixels]:
        """The loss that the steps lower, and its gradient, at `pixels` (h, w, 3).

        The moments are disturbed; for optimizers that keep their own memory.

        Raises:
            DivergedError: the loss or the gradient is not finite.
        """
        gradient = self.solver.gradient(pixels, self.mix.data, self._needed)
        self._raw, self._variation = self.solver.raw()
        loss = self.losses().total
        if not np.isfinite([self.solver.gradient_norm, loss]).all():
            raise DivergedError("the picture was not finite; start again with other faders")
        self._rollback.good = pixels
        self.step += 1
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

    def prepare(self, *, all_depths: bool = True) -> None:
        """Trace the steps for shallow parts of the network; may run beside `run`.

        Args:
            all_depths: else only the one that the present weights need.
        """
        self.solver.depths.prepare(self.mix.data, None if all_depths else self._needed)

    def state(self) -> PaintingState:
        """The painting as it stands, on the host; later steps do not touch what is returned."""
        return self.solver.state()

    def restore(self, state: PaintingState) -> None:
        """Go on from a state; one of another size is resampled.

        Raises:
            ValueError: shapes that do not belong together, or values that are not finite.
        """
        if not state.sound:
            raise ValueError("a state needs finite arrays of one shape (h, w, 3)")
        normalized = self.session.optimizer.normalize
        state = state.resized(self.height, self.width, normalized=normalized)
        self._put(state.picture)
        self.solver.restore(state)

    def follow(self, other: "Painter") -> None:
        """Go on from where another painter stands, of any size."""
        self.restore(other.state())
        self._display.follow(other._display, self.height, self.width)

    def reset(self, seed: int | None = None) -> None:
        """Start again from the first picture, with the session's seed or another."""
        self._rng = np.random.default_rng(self.session.painting.seed if seed is None else seed)
        kind = self.session.painting.init
        content, style = self._content, self._first_style
        self._put(initial_image(kind, content, style, self._init_file, self._rng))
        self._rollback.rest()
        self._forget_moments()

    def kick(self) -> None:
        """Shake the painting with noise."""
        good = self._rollback.good
        noise = self._rng.normal(0, KICK_NOISE, good.shape)
        self._put(np.clip(good + noise, 0, 255).astype(np.float32))

    def calibrate(self) -> None:
        """Measure the units of all terms on the seeded reference; resets the moments."""
        before = self.pixels()
        reference = control_inputs.reference_picture(self._content, self.session.painting.seed)
        self.mix.units = control_inputs.calibrate(
            len(self.layers), lambda hot: self.gradient_norm(reference, hot)
        )
        self._put(before)
        self._forget_moments()

    def gradient_norm(self, pixels: Pixels, hot: npt.NDArray[np.float32]) -> float:
        """‖∂loss/∂picture‖₂ at `pixels` with the weights `hot`: content, style, smooth, (2n + 1,).

        Leaves the picture at `pixels` and the moments disturbed: for calibration.
        """
        self._put(pixels)
        return self.solver.norm_with(hot)

    def _put(self, pixels: Pixels) -> None:
        """Paint on from another picture."""
        self.solver.put(pixels)
        self._rollback.put(pixels)
        self._display.clear()

    def _forget_moments(self) -> None:
        self.solver.forget()
        self._feed()


# The rows of the loss table, from the arrays of a painter.


Array = npt.NDArray[np.float64]


def loss_rows(raw: Array, weight: Array, weighted: Array, losses: Losses) -> tuple[Term, ...]:
    """Rows of the loss table from arrays of shape (n,)."""
    total = losses.total or 1.0  # all silent: shares of 0, not of nothing
    return tuple(
        Term(float(r), float(w), float(x), float(x) / total)
        for r, w, x in zip(raw, weight, weighted, strict=True)
    )
