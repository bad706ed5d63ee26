"""Adam on the normalised gradient: a slider answers evenly in both directions.

Adam does not feel overall scale, and after a fader moves its second moment remembers the old
gradient. Dividing the summed gradient by its norm first, with β2 = 0.99, settles a ×100 or ×0.01
move within some thirty steps and without a jolt.
"""

from typing import Any

import keras
from keras import ops

from styletune.engine.device import sum_of_squares


@keras.saving.register_keras_serializable("styletune")
class NormalizedAdam(keras.optimizers.Adam):
    """Keras' Adam, fed g / ‖g‖₂ over all variables together.

    Differs from `global_clipnorm`: small gradients are scaled up too. `gradient_norm` (a scalar
    variable) keeps ‖g‖₂ of the last step; it is not finite as soon as any gradient is not, so
    it also serves as the watch against explosion. A gradient of zero stays zero.
    """

    def build(self, variables: Any) -> None:
        """Make the moments and the scalar `gradient_norm`."""
        if not self.built:
            super().build(variables)
            self.gradient_norm = self.add_variable(shape=(), name="gradient_norm")

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Normalise, then take Keras' step."""
        norm = ops.sqrt(sum(sum_of_squares(grad) for grad in grads))
        self.gradient_norm.assign(norm)
        # Below float32's smallest normal number a division would blow up rounding noise.
        divisor = ops.maximum(norm, 1e-30)
        return super().apply([grad / divisor for grad in grads], trainable_variables)


@keras.saving.register_keras_serializable("styletune")
class PixelRange(keras.constraints.Constraint):
    """Keeps pixels in 0..255 after each step, so that nothing hides outside what is seen."""

    def __call__(self, kernel: Any) -> Any:
        """Any shape → the same, clipped."""
        return ops.clip(kernel, 0.0, 255.0)
