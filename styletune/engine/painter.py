"""A painting in progress: two kinds of picture in, steps taken, a picture out.

Used by the worker (for ever) and by `styletune paint` (once). Knows nothing about processes,
shared memory and clocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.config import Session
from styletune.controls import style_shares, term_weights
from styletune.engine import calibration, device, model, scales, weights
from styletune.engine.architecture import check_size, convolutions
from styletune.engine.average import Average
from styletune.engine.color import Colors, tinted
from styletune.engine.depths import Depths
from styletune.engine.network import feature_network
from styletune.engine.stepping import OnStep, never
from styletune.engine.styles import Styles
from styletune.engine.watch import Watch
from styletune.errors import StyletuneError

Picture = npt.NDArray[np.uint8]  # (h, w, 3) RGB
Pixels = npt.NDArray[np.float32]  # (h, w, 3) RGB, 0..255

KICK_NOISE = 40.0  # standard deviation in pixel values: visible, yet the picture survives
# Runs between two looks at the terms that count nothing: about a second of epochs.
_LISTEN_EVERY = 10
# Noise to start from: around mid-grey, like the photographs that the network knows.
_INIT_NOISE = 48.0
# After a divergence the steps are halved for so many.
_CALM_STEPS = 50


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


@dataclass(frozen=True, slots=True)
class PaintingState:
    """All that a painting is at a step, apart from its session and its source pictures.

    Attributes:
        picture, momentum, velocity: (h, w, 3) float32: the picture and Adam's moments.
        iterations: steps since the moments were 0.
    """

    picture: Pixels
    momentum: Pixels
    velocity: Pixels
    iterations: int

    def resized(self, height: int, width: int, *, normalized: bool) -> "PaintingState":
        """The same painting at another size, px; see `scales`."""
        momentum, velocity = scales.moments(
            self.momentum, self.velocity, height, width, normalized=normalized
        )
        picture = scales.picture(self.picture, height, width)
        return PaintingState(picture, momentum, velocity, self.iterations)


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
        session: Session,
        content: Picture,
        styles: Sequence[Picture],
        init: Picture | None = None,
    ) -> None:
        device.prepare(session.engine.device, session.engine.precision)
        self.session = session
        self.table = session.table()
        self.layers = session.network.played
        self.height, self.width = content.shape[:2]
        for picture in (content, *styles):
            self._check_size(picture)
        self._positions = session.positions()
        self._build()
        self._average = Average()
        self._watch = Watch()
        self.step = 0
        self._runs = 0
        self._calm = 0  # halved steps still to take
        self._ease = 1.0  # factor of the learning rate, by a schedule
        self._good = self._safe = content.astype(np.float32)
        self._raw = np.zeros(2 * len(self.layers))
        self._variation = 0.0
        self._init_file = init
        self._units = calibration.Units.plain(len(self.layers))
        self.set_content(content)
        self._first_style = styles[0]
        for index, style in enumerate(styles):
            self._styles.put(index, style.astype(np.float32))
        self._blend_styles()
        self._rng = np.random.default_rng(session.painting.seed)
        self.reset()

    def _build(self) -> None:
        """The network, the models over it and their optimizer."""
        session, name = self.session, self.session.network.name
        needed = [convolution.name for convolution in convolutions(name, self.layers)]
        found = weights.load(name, session.network.weights, needed, session.painting.seed)
        self.weights_label = found.label
        self._features = feature_network(
            name,
            self.layers,
            found,
            padding=session.network.padding,
            pooling=session.network.pooling,
            precision=session.engine.precision,
        )
        models = model.style_transfer_models(
            self._features,
            self.layers,
            self.height,
            self.width,
            found,
            clamp=session.painting.clamp,
            skips=not device.gpus(),
        )
        self.model = models[len(self.layers)]
        self._optimizer = model.optimizer(session.optimizer, self._value("learning_rate"))
        for each in models.values():
            each.compile(
                self._optimizer,
                loss="mean_absolute_error",
                jit_compile=device.worth_compiling(),
            )
        self._optimizer.build(self.model.trainable_variables)
        self._depths = Depths(models)
        # Looked up once: finding a layer by name walks through the model.
        self._terms, self._smooth = map(self.model.get_layer, ("terms", "smooth"))
        self._styles = Styles(
            [self.model.get_layer(f"style_{layer}") for layer in self.layers], self._extract
        )

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
        self._colors = Colors(self._content)
        for layer, features in zip(self.layers, self._extract(self._content), strict=True):
            self.model.get_layer(f"content_{layer}").target.assign(features)
        self._watch.clear()

    def set_style(self, index: int, style: Picture) -> None:
        """Take another style picture, of any size; the next free index adds one.

        Raises:
            PictureError: too small for the network's pooling.
            IndexError: there is no style of that index.
        """
        self._check_size(style)
        self._styles.put(index, style.astype(np.float32))
        if index == 0:
            self._first_style = style
        self._blend_styles()

    def remove_style(self, index: int) -> None:
        """Forget a style; those after it move up.

        Raises:
            IndexError: there is none of that index, or it is the only one.
        """
        self._styles.remove(index)
        self._blend_styles()

    def _extract(self, pixels: Pixels) -> list[npt.NDArray[np.float32]]:
        features = self._features(pixels[None])
        features = features if isinstance(features, list) else [features]
        return [ops.cast(feature, "float32") for feature in features]

    def _blend_styles(self) -> None:
        self._styles.blend(style_shares(self.table, self._positions, len(self._styles)))
        self._watch.clear()

    # Controls

    def apply(self, positions: Mapping[str, float]) -> None:
        """Take over the positions of all faders and switches; nothing is traced."""
        self._positions = dict(positions)
        self._blend_styles()
        if not positions["average"]:
            self._average.clear()  # switched on again, it begins with what is painted then
        self._feed()

    def heard(self, term: str) -> npt.NDArray[np.float64]:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return np.array(term_weights(self.table, self._positions, term))

    def _value(self, control: str) -> float:
        return self.table[control].value(self._positions[control])

    def _chosen(self, control: str) -> str:
        return self.table[control].choices[int(self._positions[control])]

    def _feed(self) -> None:
        """Lay what the next steps use on the device."""
        units = self._units
        self._fed = (
            self.heard("content") * units.content,
            self.heard("style") * units.style,
            self._value("smooth") * units.smooth,
        )
        self._needed = self._depths.needed(*self._fed[:2])
        self._data = model.inputs(*self._fed, listen=False)
        self._listening = model.inputs(*self._fed)
        self._feed_optimizer()

    def _feed_optimizer(self) -> None:
        rate = self._value("learning_rate") * self._ease * (0.5 if self._calm > 0 else 1.0)
        self._optimizer.learning_rate.assign(rate)
        self._optimizer.descent.assign(float(self._chosen("optimizer") == "gd"))

    def ease(self, factor: float) -> None:
        """Multiply the learning rate by `factor` from now on; see `schedule`."""
        self._ease = factor
        self._feed_optimizer()

    @property
    def units(self) -> calibration.Units:
        """What the raw losses are multiplied by before their faders."""
        return self._units

    def weigh(self, units: calibration.Units) -> None:
        """Use units that were measured elsewhere, at another size above all."""
        self._units = units
        self._feed()

    # Painting

    @property
    def traces(self) -> int:
        """How often a step was traced: once for each depth in use, whatever is moved."""
        return self._depths.traces

    def prepare(self, *, all_depths: bool = True) -> None:
        """Trace the steps for shallow parts of the network; may run beside `run`.

        Args:
            all_depths: else only the one that the present weights need.
        """
        self._depths.prepare(self._data, None if all_depths else self._needed)

    def run(self, steps: int, on_step: OnStep = never, *, listen: bool | None = None) -> int:
        """Take up to `steps` steps; returns how many were taken.

        Args:
            on_step: called after each step; True ends the run there.
            listen: whether the first step also hears the terms that count nothing, for the
                table; None: now and then.

        Raises:
            DivergedError: a gradient is not finite or the loss exploded; the picture is a good
                one again, with fresh moments, and the next steps are halved.
        """
        taken = self._take(
            steps, on_step, self._runs % _LISTEN_EVERY == 0 if listen is None else listen
        )
        self._runs += 1
        self._read()
        norm, loss = device.scalar(self._optimizer.gradient_norm), self.losses().total
        fault = self._watch.fault(norm, loss)
        if fault:
            # The loss of the last picture is measured only by the step after it: where that
            # exploded, the picture before is the last that is known to be good.
            self._roll_back(self._safe if np.isfinite(norm) else self._good)
            raise DivergedError(
                f"{fault} after step {self.step + taken}; back to the last good picture, with "
                "smaller steps: lower the learning rate or the fader moved last"
            )
        self._good, self._safe = self.pixels(), self._good
        self.step += taken
        if self._calm > 0:
            self._calm -= taken
            self._feed_optimizer()
        if self._positions["average"]:
            self._average.add(self._good, taken)
        return taken

    def _take(self, steps: int, on_step: OnStep, listen: bool) -> int:
        """Take the steps; the first may hear all terms."""
        if not listen:
            return self._depths.run(self._needed, repeat(self._data, steps), on_step)
        ended = False

        def after() -> bool:
            nonlocal ended
            ended = on_step()
            return ended

        taken = self._depths.run_whole((self._listening,), after)
        if ended or steps == 1:
            return taken
        return taken + self._depths.run(self._needed, repeat(self._data, steps - 1), on_step)

    def _read(self) -> None:
        """Bring the raw losses of the last step to the host."""
        self._raw = device.to_host(self._terms.raw)[0].astype(np.float64)
        self._variation = device.scalar(self._smooth.raw)

    def _roll_back(self, pixels: Pixels) -> None:
        self._set_pixels(pixels)
        self._calm = _CALM_STEPS
        self._forget_moments()

    def pixels(self) -> Pixels:
        """The painting as it is optimised: (h, w, 3) float32, on the host; read only."""
        return self._image(self.model.image)

    def _image(self, variable: Any) -> Pixels:
        return device.to_host(variable).reshape(self.height, self.width, 3)

    def picture(self) -> Picture:
        """The painting as it is shown, (h, w, 3) uint8.

        The last step's or the average's, in the colours that `color` asks for.
        """
        average = self._average.value() if self._positions["average"] else None
        shown = self._good if average is None else average
        rounded = shown + np.float32(0.5)  # half the time of `rint`, once made a whole number
        painting = np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
        return self._colors.shown(painting, self._chosen("color"))

    def losses(self) -> Losses:
        """The table of the last step, at the picture from which that step was taken.

        Where silent terms are left out, their raw losses are those of the last look.
        """
        count = len(self.layers)
        content, style, smooth = self._fed
        return Losses(
            content_raw=self._raw[:count],
            style_raw=self._raw[count:],
            content=self._raw[:count] * content,
            style=self._raw[count:] * style,
            # The model's loss is the mean of the 2n terms plus the smoothness: on their scale.
            smooth=self._variation * smooth * 2 * count,
        )

    def evaluate(self, pixels: Pixels) -> tuple[float, Pixels]:
        """The loss that the steps lower, and its gradient, at `pixels` (h, w, 3).

        Taken from the compiled training step itself, at learning rate 0: Adam's first moment,
        risen from 0, is (1 − β1)·g, and g of norm 1 where the session normalises. The moments
        are disturbed; for optimizers that keep their own memory.

        Raises:
            DivergedError: the loss or the gradient is not finite.
        """
        self.model.image.assign(pixels.reshape(1, -1))
        optimizer = self._optimizer
        moment = optimizer.moments["momentum"]
        # Made anew each time: on JAX the step gives its buffers away.
        moment.assign(ops.zeros(moment.shape, moment.dtype))
        optimizer.learning_rate.assign(0.0)
        self._depths.run(self._needed, (self._data,))
        self._read()
        norm, loss = device.scalar(optimizer.gradient_norm), self.losses().total
        if not np.isfinite([norm, loss]).all():
            raise DivergedError("the picture was not finite; start again with other faders")
        self._good = pixels
        self.step += 1
        length = norm if optimizer.normalize else 1.0
        scale = np.float32(length / (1 - optimizer.beta_1))
        return loss / (2 * len(self.layers)), self._image(moment) * scale

    def state(self) -> PaintingState:
        """The painting as it stands, on the host; later steps do not touch what is returned."""
        return PaintingState(
            picture=self.pixels(),
            iterations=int(device.scalar(self._optimizer.iterations)),
            **{name: self._image(moment) for name, moment in self._optimizer.moments.items()},
        )

    def restore(self, state: PaintingState) -> None:
        """Go on from a state; one of another size is resampled.

        Raises:
            ValueError: shapes that do not belong together, or values that are not finite.
        """
        shape = (self.height, self.width, 3)
        for array in (state.picture, state.momentum, state.velocity):
            if array.shape != state.picture.shape or not np.isfinite(array).all():
                raise ValueError("a state needs finite arrays of one shape (h, w, 3)")
        if state.picture.shape != shape:
            normalized = self.session.optimizer.normalize
            state = state.resized(self.height, self.width, normalized=normalized)
        self._set_pixels(state.picture)
        for name, moment in self._optimizer.moments.items():
            moment.assign(getattr(state, name).reshape(1, -1))
        self._optimizer.iterations.assign(state.iterations)

    def follow(self, other: "Painter") -> None:
        """Go on from where another painter stands, of any size."""
        self.restore(other.state())
        self._average = other._average.resized(self.height, self.width)

    def reset(self, seed: int | None = None) -> None:
        """Start again from the first picture, with the session's seed or another."""
        self._rng = np.random.default_rng(self.session.painting.seed if seed is None else seed)
        self._set_pixels(self._first_picture())
        self._calm = 0
        self._forget_moments()

    def kick(self) -> None:
        """Shake the painting with noise."""
        noise = self._rng.normal(0, KICK_NOISE, self._good.shape)
        self._set_pixels(np.clip(self._good + noise, 0, 255).astype(np.float32))

    def calibrate(self) -> None:
        """Measure the units of all terms on the seeded reference; resets the moments."""
        before = self.pixels()
        reference = calibration.reference_picture(self._content, self.session.painting.seed)
        self._units = calibration.measure(
            len(self.layers), lambda hot: self.gradient_norm(reference, hot)
        )
        self._set_pixels(before)
        self._forget_moments()

    def gradient_norm(self, pixels: Pixels, hot: npt.NDArray[np.float32]) -> float:
        """‖∂loss/∂picture‖₂ at `pixels` with the weights `hot`: content, style, smooth, (2n + 1,).

        Leaves the picture at `pixels` and the moments disturbed: for calibration.
        """
        count = len(self.layers)
        self._set_pixels(pixels)
        self._optimizer.learning_rate.assign(0.0)
        data = model.inputs(hot[:count], hot[count:-1], float(hot[-1]))
        self._depths.run_whole((data,))
        return device.scalar(self._optimizer.gradient_norm)

    def _first_picture(self) -> Pixels:
        kind = self.session.painting.init
        if kind == "content":
            return self._content
        if kind == "tinted":
            return tinted(self._content, self._first_style.astype(np.float32))
        if kind == "noise":
            noise = self._rng.normal(128, _INIT_NOISE, self._content.shape)
            return np.clip(noise, 0, 255).astype(np.float32)
        if kind == "style":
            return _tiled(self._first_style.astype(np.float32), self.height, self.width)
        if self._init_file is None:
            raise ValueError(f"painting.init is the file {kind!r}, but no picture was given")
        return self._init_file.astype(np.float32)

    def _set_pixels(self, pixels: Pixels) -> None:
        self.model.image.assign(pixels.reshape(1, -1))
        self._good = self._safe = pixels
        self._average.clear()
        self._watch.clear()

    def _forget_moments(self) -> None:
        for moment in self._optimizer.moments.values():
            moment.assign(ops.zeros(moment.shape, moment.dtype))
        self._optimizer.iterations.assign(0)
        self._feed()


def _tiled(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture mirrored at its edges until it covers `height` × `width`, from the top left."""
    rows, columns = (-(-height // pixels.shape[0]), -(-width // pixels.shape[1]))
    pad = ((0, (rows - 1) * pixels.shape[0]), (0, (columns - 1) * pixels.shape[1]), (0, 0))
    return np.pad(pixels, pad, mode="symmetric")[:height, :width]
