"""A painting in progress: two kinds of picture in, steps taken, a picture out.

Used by the worker (for ever) and by `styletune paint` (once). Knows nothing about processes,
shared memory and clocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.config import Session
from styletune.controls import style_shares, term_weights
from styletune.engine import calibration, device, model, weights
from styletune.engine.architecture import check_size, convolutions
from styletune.engine.average import Average
from styletune.engine.network import feature_network
from styletune.engine.stepping import OnStep, never, stepper
from styletune.errors import StyletuneError

Picture = npt.NDArray[np.uint8]  # (h, w, 3) RGB
Pixels = npt.NDArray[np.float32]  # (h, w, 3) RGB, 0..255

KICK_NOISE = 40.0  # standard deviation in pixel values: visible, yet the picture survives
# Runs between two looks at the terms that count nothing: about a second of epochs.
_LISTEN_EVERY = 10
# Noise to start from: around mid-grey, like the photographs that the network knows.
_INIT_NOISE = 48.0


class NotFiniteError(StyletuneError):
    """A step produced a picture that is not finite; the painter went back to the last good one."""


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
    """Paints one content picture in one or two styles.

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
        device.prepare()
        self.session = session
        self.table = session.table()
        self.layers = session.network.played
        self.height, self.width = content.shape[:2]
        name = session.network.name
        for picture in (content, *styles):
            check_size(name, self.layers, picture.shape[1], picture.shape[0])
        needed = [convolution.name for convolution in convolutions(name, self.layers)]
        found = weights.load(name, session.network.weights, needed, session.painting.seed)
        self.weights_label = found.label
        self._features = feature_network(
            name,
            self.layers,
            found,
            padding=session.network.padding,
            pooling=session.network.pooling,
        )
        self.model = model.style_transfer_model(
            self._features,
            self.layers,
            self.height,
            self.width,
            found,
            clamp=session.painting.clamp,
            skips=not device.gpus(),
        )
        self._average = Average()
        # Looked up once: finding a layer by name walks through the model.
        self._terms, self._smooth = map(self.model.get_layer, ("terms", "smooth"))
        self.step = 0
        self._runs = 0
        self._good: Pixels = np.zeros((self.height, self.width, 3), np.float32)
        self._init_file = init
        self._positions = session.positions()
        self._optimizer = model.optimizer(session.optimizer, self._learning_rate())
        self.model.compile(
            self._optimizer,
            loss="mean_absolute_error",
            jit_compile=device.worth_compiling(),
        )
        self._optimizer.build(self.model.trainable_variables)
        self._stepper = stepper(self.model)
        self._content = content.astype(np.float32)
        self._grams: list[list[npt.NDArray[np.float32]]] = [[] for _ in styles]
        self._styles = list(styles)
        self._shares: tuple[float, ...] = ()
        self._units = calibration.Units.plain(len(self.layers))
        self.set_content(content)
        for index, style in enumerate(styles):
            self.set_style(index, style)
        self._rng = np.random.default_rng(session.painting.seed)
        self.reset()

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
        for layer, features in zip(self.layers, self._extract(self._content), strict=True):
            self.model.get_layer(f"content_{layer}").target.assign(features)

    def set_style(self, index: int, style: Picture) -> None:
        """Take another style picture, of any size.

        Raises:
            PictureError: too small for the network's pooling.
            IndexError: there is no style of that index.
        """
        check_size(self.session.network.name, self.layers, style.shape[1], style.shape[0])
        features = self._extract(style.astype(np.float32))
        self._grams[index] = [
            ops.convert_to_numpy(self.model.get_layer(f"style_{layer}").gram(feature))
            for layer, feature in zip(self.layers, features, strict=True)
        ]
        self._styles[index] = style
        self._blend_styles()

    def _extract(self, pixels: Pixels) -> list[npt.NDArray[np.float32]]:
        features = self._features(pixels[None])
        return features if isinstance(features, list) else [features]

    def _blend_styles(self) -> None:
        """Aim at Σ share·G of all styles: blending the targets costs nothing per step."""
        if not all(self._grams):
            return  # still being set up
        self._shares = style_shares(self.table, self._positions, len(self._grams))
        for row, layer in enumerate(self.layers):
            target = sum(
                share * grams[row]
                for share, grams in zip(self._shares, self._grams, strict=True)
                if share
            )
            self.model.get_layer(f"style_{layer}").target.assign(target)

    # Controls

    def apply(self, positions: Mapping[str, float]) -> None:
        """Take over the positions of all faders and switches; nothing is traced."""
        before, self._positions = self._positions, dict(positions)
        if style_shares(self.table, positions, len(self._grams)) != self._shares:
            self._blend_styles()
        if not positions["average"]:
            self._average.clear()  # switched on again, it begins with what is painted then
        if positions["learning_rate"] != before["learning_rate"]:
            self._optimizer.learning_rate.assign(self._learning_rate())
        self._feed()

    def heard(self, term: str) -> npt.NDArray[np.float64]:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return np.array(term_weights(self.table, self._positions, term))

    def _value(self, control: str) -> float:
        return self.table[control].value(self._positions[control])

    def _learning_rate(self) -> float:
        return self._value("learning_rate")

    def _feed(self) -> None:
        """Lay the weights that the next steps use on the device."""
        units = self._units
        self._fed = (
            self.heard("content") * units.content,
            self.heard("style") * units.style,
            self._value("smooth") * units.smooth,
        )
        self._data = model.inputs(*self._fed, listen=False)
        self._listening = model.inputs(*self._fed)

    # Painting

    def run(self, steps: int, on_step: OnStep = never) -> int:
        """Take up to `steps` steps; returns how many were taken.

        Args:
            on_step: called after each step; True ends the run there.

        Raises:
            NotFiniteError: a gradient or the picture is not finite; the picture is the last
                good one again, with fresh moments.
        """
        # The loss table shows silent terms too; a look at them now and then is enough.
        listening = self._runs % _LISTEN_EVERY == 0
        first = self._listening if listening else self._data
        self._runs += 1
        taken = self._stepper.run(chain((first,), repeat(self._data, steps - 1)), on_step)
        pixels = self.pixels()
        if not np.isfinite(pixels).all():
            self._set_pixels(self._good)
            self._forget_moments()
            raise NotFiniteError(
                f"the picture was not finite after step {self.step + taken}; back to the last "
                "good picture: lower the learning rate or the fader moved last"
            )
        self._good = pixels
        self.step += taken
        if self._positions["average"]:
            self._average.add(pixels, taken)
        return taken

    def pixels(self) -> Pixels:
        """The painting as it is optimised: (h, w, 3) float32, on the host; read only."""
        return device.to_host(self.model.image).reshape(self.height, self.width, 3)

    def picture(self) -> Picture:
        """The painting as it is shown, (h, w, 3) uint8: the last step's, or the average's."""
        average = self._average.value() if self._positions["average"] else None
        shown = self._good if average is None else average
        rounded = shown + np.float32(0.5)  # half the time of `rint`, once made a whole number
        return np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)

    def losses(self) -> Losses:
        """The table of the last step, at the picture from which that step was taken.

        Where silent content terms are left out, their raw losses are those of the last look.
        """
        raw = device.to_host(self._terms.raw)[0].astype(np.float64)
        variation = float(device.to_host(self._smooth.raw)[0, 0])
        count = len(self.layers)
        content, style, smooth = self._fed
        return Losses(
            content_raw=raw[:count],
            style_raw=raw[count:],
            content=raw[:count] * content,
            style=raw[count:] * style,
            smooth=variation * smooth,
        )

    def reset(self) -> None:
        """Start again from the first picture, with the same seed."""
        self._rng = np.random.default_rng(self.session.painting.seed)
        self._set_pixels(self._first_picture())
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
        self._optimizer.learning_rate.assign(self._learning_rate())
        self._feed()

    def gradient_norm(self, pixels: Pixels, hot: npt.NDArray[np.float32]) -> float:
        """‖∂loss/∂picture‖₂ at `pixels` with the weights `hot`: content, style, smooth, (2n + 1,).

        Leaves the picture at `pixels` and the moments disturbed: for calibration.
        """
        count = len(self.layers)
        self._set_pixels(pixels)
        self._optimizer.learning_rate.assign(0.0)
        data = model.inputs(hot[:count], hot[count:-1], float(hot[-1]))
        self._stepper.run((data,))
        return float(device.to_host(self._optimizer.gradient_norm))

    def _first_picture(self) -> Pixels:
        kind = self.session.painting.init
        if kind == "content":
            return self._content
        if kind == "noise":
            noise = self._rng.normal(128, _INIT_NOISE, self._content.shape)
            return np.clip(noise, 0, 255).astype(np.float32)
        if kind == "style":
            return _tiled(self._styles[0].astype(np.float32), self.height, self.width)
        if self._init_file is None:
            raise ValueError(f"painting.init is the file {kind!r}, but no picture was given")
        return self._init_file.astype(np.float32)

    def _set_pixels(self, pixels: Pixels) -> None:
        self.model.image.assign(pixels.reshape(1, -1))
        self._good = pixels
        self._average.clear()

    def _forget_moments(self) -> None:
        for variable in self._optimizer.variables:
            if variable is not self._optimizer.learning_rate:
                variable.assign(ops.zeros(variable.shape, variable.dtype))
        self._feed()


def _tiled(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture mirrored at its edges until it covers `height` × `width`, from the top left."""
    rows, columns = (-(-height // pixels.shape[0]), -(-width // pixels.shape[1]))
    pad = ((0, (rows - 1) * pixels.shape[0]), (0, (columns - 1) * pixels.shape[1]), (0, 0))
    return np.pad(pixels, pad, mode="symmetric")[:height, :width]
