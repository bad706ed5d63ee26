"""The optimizer of a painting: Adam on the normalised gradient, or plain gradient descent.

Adam does not feel overall scale, and after a fader moves its second moment remembers the old
gradient. Dividing the summed gradient by its norm first, with β2 = 0.99, settles a ×100 move
within some twenty steps and a ×0.01 one within some forty, without a jolt. Both kinds of step are
one formula with two scalar variables, so that changing from one to the other traces nothing.
"""

import math
from typing import Any

import keras
from keras import ops

from styletune.engine.device import sum_of_squares

# Below float32's smallest normal number a division would blow up rounding noise.
_SMALLEST = 1e-30


@keras.saving.register_keras_serializable("styletune")
class LiveAdam(keras.optimizers.Adam):
    """Keras' Adam, fed g / ‖g‖₂ over all variables together; or gradient descent while it paints.

    Differs from `global_clipnorm`: small gradients are scaled up too. `gradient_norm` (a scalar
    variable) keeps ‖g‖₂ of the last step; it is not finite as soon as any gradient is not, so
    it is also the one scalar that tells whether a step can be shown. A gradient of zero stays
    zero.

    Args:
        normalize: whether to divide by the norm; without, it is Keras' Adam to the letter
            (arXiv:1412.6980, algorithm 1).

    Attributes:
        descent: scalar variable, 1 for gradient descent, 0 for Adam. A step of descent is
            x ← x − lr·√N·g/‖g‖ for N values: the root mean square of what it moves is lr, in
            the units of x. Adam's moments go on meanwhile.
    """

    def __init__(self, *args: Any, normalize: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.normalize = normalize

    def build(self, variables: Any) -> None:
        """Make the moments and the scalars `gradient_norm` and `descent`."""
        if not self.built:
            super().build(variables)
            self.gradient_norm = self.add_variable(shape=(), name="gradient_norm")
            self.descent = self.add_variable(shape=(), name="descent")

    @property
    def moments(self) -> dict[str, Any]:
        """Adam's two moments of the one variable, by name: variables of its shape."""
        return {"momentum": self._momentums[0], "velocity": self._velocities[0]}

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Normalise, then step."""
        norm = ops.sqrt(sum(sum_of_squares(grad) for grad in grads))
        self.gradient_norm.assign(norm)
        if self.normalize:
            divisor = ops.maximum(norm, _SMALLEST)
            grads = [grad / divisor for grad in grads]
        return super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable; called by Keras within the compiled step."""
        step = ops.cast(self.iterations + 1, variable.dtype)
        index = self._get_variable_index(variable)
        first, second = self._momentums[index], self._velocities[index]
        first.assign(first + (1 - self.beta_1) * (gradient - first))
        second.assign(second + (1 - self.beta_2) * (ops.square(gradient) - second))
        rate = learning_rate * ops.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        length = 1.0 if self.normalize else ops.maximum(self.gradient_norm, _SMALLEST)
        descent = learning_rate * math.sqrt(math.prod(variable.shape)) / length
        variable.assign(
            variable
            - (1 - self.descent) * rate * first / (ops.sqrt(second) + self.epsilon)
            - self.descent * descent * gradient
        )

    def get_config(self) -> dict[str, Any]:
        """What makes the same optimizer again."""
        return {**super().get_config(), "normalize": self.normalize}


@keras.saving.register_keras_serializable("styletune")
class PixelRange(keras.constraints.Constraint):
    """Keeps pixels in 0..255 after each step, so that nothing hides outside what is seen."""

    def __call__(self, kernel: Any) -> Any:
        """Any shape → the same, clipped."""
        return ops.clip(kernel, 0.0, 255.0)
