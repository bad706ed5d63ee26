"""Network, model, optimizer and compiled steps for pictures of one size.

The picture and Adam's moments live here, on the device; what comes out is on the host.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.config import SessionConfig
from styletune.engine import backend, model, weights
from styletune.engine.losses import LayerLoss
from styletune.engine.model import Batch, StyleTransfer
from styletune.engine.state import PaintingState, Pixels
from styletune.engine.train_step import DepthSteps
from styletune.engine.vgg import FeatureExtractor
from styletune.networks import convolutions
from styletune.terms import layer_terms, picture_terms


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

    Raises:
        WeightsError: the network's weights cannot be had.
    """

    def __init__(self, session: SessionConfig, height: int, width: int) -> None:
        backend.configure(session.engine.device, session.engine.precision)
        name, self._layers = session.network.name, session.network.selected_layers
        self._shape = (height, width, 3)
        needed = [convolution.name for convolution in convolutions(name, self._layers)]
        loaded = weights.load(name, session.network.weights, needed, session.painting.seed)
        self.weights_label = loaded.label
        self.features = FeatureExtractor(
            name,
            self._layers,
            loaded,
            padding=session.network.padding,
            pooling=session.network.pooling,
            precision=session.engine.precision,
        )
        build_model = model.style_transfer_models(
            self.features,
            self._layers,
            height,
            width,
            loaded,
            clamp=session.painting.clamp,
            skips=not backend.gpus(),
            centering=session.painting.centering,
        )
        self.optimizer = model.make_optimizer(session.optimizer, height, width)

        def compiled(depth: int) -> StyleTransfer:
            built = build_model(depth)
            built.compile(
                self.optimizer, loss="mean_absolute_error", jit_compile=backend.should_jit()
            )
            return built

        self.model = compiled(len(self._layers))
        self.optimizer.build(self.model.trainable_variables)
        self.depths = DepthSteps(
            self.model,
            model.depth_boundaries(self._layers),
            compiled,
            session.engine.steps_per_execution,
        )
        # Looked up once: finding a layer by name walks through the model.
        self._terms = self.model.get_layer("terms")
        self._picture_losses = {term: self.model.get_layer(term) for term in picture_terms()}
        self._steps_on_device: tuple[float, str] | None = None

    def losses(self, layer: str) -> list[LayerLoss]:
        """The losses of a selected layer, in the order of their terms."""
        return [self.model.get_layer(model.loss_name(term, layer)) for term in layer_terms()]

    def extract(self, pixels: Pixels, on_layer: Callable[[str, Any], None]) -> None:
        """Hand the features of each selected layer of a picture of any size, float32, on."""

        def hand_on(name: str, features: Any, is_last: bool) -> Any:
            on_layer(name, ops.cast(features, "float32"))
            return features

        self.features.tap(ops.convert_to_tensor(pixels[None]), self._layers, hand_on)

    def set_content_target(self, content: Pixels) -> None:
        """Compare with this content picture from now on."""

        def on_layer(name: str, features: Any) -> None:
            for loss in self.losses(name):
                loss.set_content(features)

        self.extract(content, on_layer)

    def set_learning_rate(self, learning_rate: float, optimizer: str) -> None:
        """Set the length of the next steps and the update rule that they follow."""
        if self._steps_on_device != (learning_rate, optimizer):
            self._steps_on_device = learning_rate, optimizer
            self.optimizer.learning_rate.assign(learning_rate)
            self.optimizer.select(optimizer)

    def _zero_learning_rate(self) -> None:
        """Let the next steps move nothing, until `set_learning_rate`."""
        self._steps_on_device = None
        self.optimizer.learning_rate.assign(0.0)

    # What the last step has left

    @property
    def gradient_norm(self) -> float:
        """‖∂loss/∂picture‖₂ of the last step; not finite as soon as any gradient was not."""
        return backend.scalar(self.optimizer.gradient_norm)

    def raw_losses(self) -> dict[str, npt.NDArray[np.float64]]:
        """Raw losses of the last step by term: (n,) of the layers, or (1,) of the picture."""
        rows = np.split(backend.to_host(self._terms.raw)[0], len(layer_terms()))
        raw = {term: row.astype(np.float64) for term, row in zip(layer_terms(), rows, strict=True)}
        for term, loss in self._picture_losses.items():
            raw[term] = np.array([backend.scalar(loss.raw)])
        return raw

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
            momentum=self._host(self.optimizer.adam.momentum),
            velocity=self._host(self.optimizer.adam.velocity),
            coarse_velocities=tuple(
                backend.to_host(level)[0] for level in self.optimizer.adam.coarse_velocities
            ),
        )

    def restore(self, state: PaintingState) -> None:
        """Go on from a state of this size."""
        self.set_image(state.picture)
        self.optimizer.restore_moments(
            state.momentum, state.velocity, state.iterations, state.coarse_velocities
        )

    def reset_moments(self) -> None:
        """Set the moments to 0."""
        self.optimizer.reset_moments()

    def gradient(self, pixels: Pixels, batch: Batch, depth: int) -> Pixels:
        """∂loss/∂picture at `pixels`, where the picture then stays; disturbs the moments.

        Taken from the compiled training step itself, at learning rate 0: Adam's first moment,
        risen from 0, is (1 − β1)·g, and g of norm 1 where the session normalises.
        """
        self.set_image(pixels)
        moment = self.optimizer.adam.momentum
        moment.assign(ops.zeros(moment.shape, moment.dtype))
        self._zero_learning_rate()
        self.depths.run(depth, batch)
        length = self.gradient_norm if self.optimizer.normalize else 1.0
        return self._host(moment) * np.float32(length / (1 - self.optimizer.beta_1))

    def gradient_norm_for(self, batch: Batch) -> float:
        """‖∂loss/∂picture‖₂ with these inputs.

        Leaves the picture and disturbs the moments.
        """
        self._zero_learning_rate()
        self.depths.run_full(batch)
        return self.gradient_norm

    def _host(self, variable: Any) -> Pixels:
        return backend.to_host(variable).reshape(self._shape)
