"""The optimizer of a painting: Adam on the normalised gradient, or plain gradient descent.

Adam does not feel overall scale, and after a fader moves its second moment remembers the old
gradient. Dividing the summed gradient by its norm first, with β2 = 0.99, settles a ×100 move
within some twenty steps and a ×0.01 one within some forty-five, without a jolt. The picture as a
sum of three levels of a pyramid, each with steps of its own, brings the latter below thirty, and
a painting to its loss in five sixths of the steps: broad changes no longer wait for every pixel
to make its own. Both kinds of step are one formula with two scalar variables, so that changing
from one to the other traces nothing.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from styletune.engine.backend import sum_of_squares

# Below float32's smallest normal number a division would blow up rounding noise.
_SMALLEST = 1e-30

# A step over several levels: at most so much of the learning rate in the mean, once it is warm. A
# fader × 100 would be a jolt otherwise; a painting that begins takes whole steps.
_LONGEST, _WARM = 1 / 3, 0.97


@keras.saving.register_keras_serializable("styletune")
class NormalizedAdam(keras.optimizers.Adam):
    """Keras' Adam, fed g / ‖g‖₂ over all variables together; or gradient descent while it paints.

    Differs from `global_clipnorm`: small gradients are scaled up too. `gradient_norm` (a scalar
    variable) keeps ‖g‖₂ of the last step; it is not finite as soon as any gradient is not, so
    it is also the one scalar that tells whether a step can be shown. A gradient of zero stays
    zero.

    Args:
        normalize: whether to divide by the norm; without, it is Keras' Adam to the letter
            (arXiv:1412.6980, algorithm 1).
        levels: of a pyramid whose sum the one variable is; 1: plain values. Level k is the
            picture of 1/2ᵏ of the size; its gradient is the gradient averaged over its pixels,
            its steps are Adam's, and they are added up bilinearly. The sum is at most a third of
            the learning rate in the mean, but for the first steps.
        size: (height, width) of the picture that the one variable is, (1, h·w·3); with `levels`.

    Attributes:
        descent: scalar variable, 1 for gradient descent, 0 for Adam. A step of descent is
            x ← x − lr·√N·g/‖g‖ for N values: the root mean square of what it moves is lr, in
            the units of x. Adam's moments go on meanwhile.
    """

    def __init__(
        self,
        *args: Any,
        normalize: bool = True,
        levels: int = 1,
        size: tuple[int, int] = (0, 0),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.normalize = normalize
        self.levels = levels
        self.size = tuple(size)
        self._coarse_velocities: list[Any] = []

    def build(self, variables: Any) -> None:
        """Make the moments and the scalars `gradient_norm` and `descent`."""
        if not self.built:
            super().build(variables)
            # Second moments only: the first ones are the averages of the finest one's.
            height, width = self.size
            for level in range(1, self.levels):
                height, width = -(-height // 2), -(-width // 2)
                name = f"velocity_{level}"
                self._coarse_velocities.append(
                    self.add_variable(shape=(1, height, width, 3), name=name)
                )
            self.gradient_norm = self.add_variable(shape=(), name="gradient_norm")
            self.descent = self.add_variable(shape=(), name="descent")

    @property
    def moments(self) -> dict[str, Any]:
        """Adam's two moments of the one variable, by name: variables of its shape."""
        return {"momentum": self._momentums[0], "velocity": self._velocities[0]}

    def reset_moments(self) -> None:
        """Set the moments to 0."""
        for moment in (*self.moments.values(), *self._coarse_velocities):
            # Made anew each time: on JAX the step gives its buffers away.
            moment.assign(ops.zeros(moment.shape, moment.dtype))
        self.iterations.assign(0)

    def restore_moments(self, momentum: Any, velocity: Any, iterations: int) -> None:
        """Go on with moments of the variable's shape.

        Those of the coarser levels become the averages of the finest one's. They are larger than
        what they stand for (a mean of squares is never below the square of the mean), so that the
        first steps are smaller.
        """
        for moment, kept in zip(self.moments.values(), (momentum, velocity), strict=True):
            moment.assign(ops.reshape(kept, moment.shape))
        if self._coarse_velocities:
            pooled = ops.reshape(velocity, (1, *self.size, 3))
            for second in self._coarse_velocities:
                pooled = _halved(pooled)
                second.assign(pooled)
        self.iterations.assign(iterations)

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
        moves = rate * first / (ops.sqrt(second) + self.epsilon)
        if self._coarse_velocities:
            moves += self._coarse_update(gradient, first, rate)
            longest = learning_rate * (_LONGEST + (1 - _LONGEST) * _WARM**step)
            mean = ops.maximum(ops.mean(ops.abs(moves)), _SMALLEST)
            moves *= ops.minimum(1.0, longest / mean)
        length = 1.0 if self.normalize else ops.maximum(self.gradient_norm, _SMALLEST)
        descent = learning_rate * math.sqrt(math.prod(variable.shape)) / length
        variable.assign(variable - (1 - self.descent) * moves - self.descent * descent * gradient)

    def _coarse_update(self, gradient: Any, first: Any, rate: Any) -> Any:
        """What the coarser levels add to a step; moves their moments."""
        shape = gradient.shape
        gradient, first = (ops.reshape(each, (1, *self.size, 3)) for each in (gradient, first))
        steps = []
        for second in self._coarse_velocities:
            gradient, first = _halved(gradient), _halved(first)
            second.assign(second + (1 - self.beta_2) * (ops.square(gradient) - second))
            steps.append(rate * first / (ops.sqrt(second) + self.epsilon))
        total = steps.pop()
        while steps:
            finer = steps.pop()
            total = finer + _enlarged(total, finer.shape[1:3])
        return ops.reshape(_enlarged(total, self.size), shape)

    def get_config(self) -> dict[str, Any]:
        """What makes the same optimizer again."""
        own = {"normalize": self.normalize, "levels": self.levels, "size": self.size}
        return {**super().get_config(), **own}


def _halved(picture: Any) -> Any:
    """(1, h, w, 3) → (1, ⌈h/2⌉, ⌈w/2⌉, 3), averaged."""
    return ops.average_pool(picture, 2, 2, padding="same")


def _enlarged(picture: Any, size: tuple[int, ...]) -> Any:
    """(1, …, …, 3) → (1, *size, 3)."""
    return ops.image.resize(picture, size, interpolation="bilinear")


@keras.saving.register_keras_serializable("styletune")
class ClipPixels(keras.constraints.Constraint):
    """Keeps pixels in 0..255 after each step, so that nothing hides outside what is seen."""

    def __call__(self, kernel: Any) -> Any:
        """Any shape → the same, clipped."""
        return ops.clip(kernel, 0.0, 255.0)


# Learning-rate schedules, for paintings that end. Pure.
#
# Where a painting has an end, large steps should find the way and small ones the place.


LAST = 0.1  # part of the learning rate that is left at the end


def constant(done: float) -> float:
    """Always 1."""
    del done
    return 1.0


def cosine(done: float) -> float:
    """Half a cosine from 1 to `LAST`. Source: arXiv:1608.03983 eq. 5, without restarts."""
    return LAST + (1 - LAST) * (1 + math.cos(math.pi * done)) / 2


def exponential(done: float) -> float:
    """From 1 to `LAST` by the same factor at every step."""
    return float(LAST**done)


# From the part of the steps that is done (0..1) to the factor of the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "exponential": exponential,
}
