"""The solver: network, model, optimizer and compiled steps for pictures of one size.

The picture and Adam's moments live here, on the device; what comes out is on the host. Knows
nothing about controls.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.config import SessionConfig
from styletune.engine import backend, model, weights
from styletune.engine.losses import StyleLoss
from styletune.engine.state import PaintingState, Pixels
from styletune.engine.train_step import Batch, DepthSteps
from styletune.engine.vgg import feature_network
from styletune.networks import convolutions


class Solver:
    """Takes steps on a picture of `height` × `width` px.

    Args:
        session: network, optimizer and the painting's settings.

    Attributes:
        model: the whole; its kernel is the picture.
        depths: the compiled steps.
        optimizer: of all of them.
        features: the frozen network.
        weights_label: where its filters come from.
        style_losses: of the played layers, in network order.

    Raises:
        WeightsError: the network's weights cannot be had.
    """

    def __init__(self, session: SessionConfig, height: int, width: int) -> None:
        backend.configure(session.engine.device, session.engine.precision)
        name, self._layers = session.network.name, session.network.selected_layers
        self._shape = (height, width, 3)
        needed = [convolution.name for convolution in convolutions(name, self._layers)]
        found = weights.load(name, session.network.weights, needed, session.painting.seed)
        self.weights_label = found.label
        self.features = feature_network(
            name,
            self._layers,
            found,
            padding=session.network.padding,
            pooling=session.network.pooling,
            precision=session.engine.precision,
        )
        models = model.style_transfer_models(
            self.features,
            self._layers,
            height,
            width,
            found,
            clamp=session.painting.clamp,
            skips=not backend.gpus(),
        )
        self.model = models[len(self._layers)]
        self.optimizer = model.make_optimizer(session.optimizer, height, width)
        for each in models.values():
            each.compile(
                self.optimizer,
                loss="mean_absolute_error",
                jit_compile=backend.should_jit(),
            )
        self.optimizer.build(self.model.trainable_variables)
        self.depths = DepthSteps(models, session.engine.steps_per_execution)
        # Looked up once: finding a layer by name walks through the model.
        self._terms, self._smooth = map(self.model.get_layer, ("terms", "smooth"))
        self._rate_on_device: tuple[float, bool] | None = None

    @property
    def style_losses(self) -> list[StyleLoss]:
        """The style losses of the played layers, in network order."""
        return [self.model.get_layer(f"style_{layer}") for layer in self._layers]

    def extract(self, pixels: Pixels) -> Iterator[Any]:
        """Features of the played layers, float32, of a picture of any size, one after another.

        Layer by layer rather than all at once: what came before is let go, so that a painting
        at its start takes no more memory than its steps do.
        """
        found = ops.convert_to_tensor(pixels[None])
        for layer in self.features.layers[1:]:  # the first is the input
            found = layer(found)
            if layer.name in self._layers:
                yield ops.cast(found, "float32")

    def set_content_target(self, content: Pixels) -> None:
        """Compare with this content picture from now on."""
        for layer, features in zip(self._layers, self.extract(content), strict=True):
            self.model.get_layer(f"content_{layer}").target.assign(features)

    def set_learning_rate(self, learning_rate: float, *, descent: bool) -> None:
        """Set the length of the next steps, and whether they are plain gradient descent."""
        if self._rate_on_device != (learning_rate, descent):
            self._rate_on_device = learning_rate, descent
            self.optimizer.learning_rate.assign(learning_rate)
            self.optimizer.descent.assign(float(descent))

    def _zero_learning_rate(self) -> None:
        """Let the next steps move nothing, until `steer`."""
        self._rate_on_device = None
        self.optimizer.learning_rate.assign(0.0)

    # What the last step has left

    @property
    def gradient_norm(self) -> float:
        """‖∂loss/∂picture‖₂ of the last step; not finite as soon as any gradient was not."""
        return backend.scalar(self.optimizer.gradient_norm)

    def raw_losses(self) -> tuple[npt.NDArray[np.float64], float]:
        """Raw losses of the last step: the terms (2n,), content before style; smoothness."""
        terms = backend.to_host(self._terms.raw)[0].astype(np.float64)
        return terms, backend.scalar(self._smooth.raw)

    # The picture and its moments

    def pixels(self) -> Pixels:
        """The picture as it is optimised: (h, w, 3), on the host; read only."""
        return self._host(self.model.image)

    def set_image(self, pixels: Pixels) -> None:
        """Go on from another picture, with the moments of the one before."""
        self.model.image.assign(pixels.reshape(1, -1))

    def state(self) -> PaintingState:
        """The painting as it stands; later steps do not touch what is returned."""
        return PaintingState(
            picture=self.pixels(),
            iterations=int(backend.scalar(self.optimizer.iterations)),
            **{name: self._host(moment) for name, moment in self.optimizer.moments.items()},
        )

    def restore(self, state: PaintingState) -> None:
        """Go on from a state of this size."""
        self.set_image(state.picture)
        self.optimizer.restore_moments(state.momentum, state.velocity, state.iterations)

    def reset_moments(self) -> None:
        """Set the moments to 0."""
        self.optimizer.reset_moments()

    def gradient(self, pixels: Pixels, batch: Batch, depth: int) -> Pixels:
        """∂loss/∂picture at `pixels`, where the picture then stays; disturbs the moments.

        Taken from the compiled training step itself, at learning rate 0: Adam's first moment,
        risen from 0, is (1 − β1)·g, and g of norm 1 where the session normalises.
        """
        self.set_image(pixels)
        moment = self.optimizer.moments["momentum"]
        moment.assign(ops.zeros(moment.shape, moment.dtype))
        self._zero_learning_rate()
        self.depths.run(depth, batch)
        length = self.gradient_norm if self.optimizer.normalize else 1.0
        return self._host(moment) * np.float32(length / (1 - self.optimizer.beta_1))

    def gradient_norm_for(self, weights: npt.NDArray[np.float32]) -> float:
        """‖∂loss/∂picture‖₂ with the weights (2n + 1,): content, style, smooth.

        Leaves the picture and disturbs the moments.
        """
        count = len(self._layers)
        batch = model.make_batch(weights[:count], weights[count:-1], float(weights[-1]))
        self._zero_learning_rate()
        self.depths.run_full(batch)
        return self.gradient_norm

    def _host(self, variable: Any) -> Pixels:
        return backend.to_host(variable).reshape(self._shape)
