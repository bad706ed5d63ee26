"""Optimizers that can be changed while they paint: one class and one row of `UPDATE_RULES` each.

Adam does not feel overall scale, and after a fader moves its second moment remembers the old
gradient: hence the gradient is divided by its norm first, and β2 = 0.99.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from styletune.engine.backend import sum_of_squares

# Below float32's smallest normal number a division would blow up rounding noise.
_SMALLEST = 1e-30


class UpdateRule:
    """Turns a gradient into what is subtracted from the picture."""

    def build(self, optimizer: "SwitchableOptimizer", variable: Any) -> None:
        """Make what the rule keeps between steps, as variables of the optimizer."""

    def reset(self) -> None:
        """Forget what was kept."""

    def step(self, optimizer: "SwitchableOptimizer", gradient: Any, learning_rate: Any) -> Any:
        """What is subtracted, of the gradient's shape; runs within the compiled step."""
        raise NotImplementedError


class Adam(UpdateRule):
    """Adam, on a picture that may be the sum of several levels of a pyramid.

    Level k is the picture of 1/2ᵏ of the size; its gradient is the gradient averaged over its
    pixels, its steps are Adam's, and they are added up bilinearly: broad changes do not wait for
    every pixel to make its own, and a painting reaches its loss in five sixths of the steps.
    Source: arXiv:1412.6980, algorithm 1.

    Attributes:
        momentum, velocity: the two moments, variables of the picture's shape.
        coarse_velocities: second moments of the coarser levels, (1, h, w, 3) each.
    """

    # A step over several levels: at most so much of the learning rate in the mean, once it is
    # warm. A fader × 100 would be a jolt otherwise; a painting that begins takes whole steps.
    _LONGEST: ClassVar[float] = 1 / 4
    _WARM: ClassVar[float] = 0.94
    # Where one gradient contradicts the next, the mean step is a small part of the learning rate.
    # Below this part it shrinks with the third power: the painting comes to rest, and large
    # learning rates cost no calm.
    _DIRECTED: ClassVar[float] = 0.6

    def build(self, optimizer: "SwitchableOptimizer", variable: Any) -> None:
        """Make the moments: of the coarser levels the second ones only.

        Their first moments are the averages of the finest one's.
        """
        self.momentum = optimizer.add_variable_from_reference(variable, "momentum")
        self.velocity = optimizer.add_variable_from_reference(variable, "velocity")
        self._size = optimizer.size
        self.coarse_velocities: list[Any] = []
        height, width = optimizer.size
        for level in range(1, optimizer.levels):
            height, width = -(-height // 2), -(-width // 2)
            shape = (1, height, width, 3)
            self.coarse_velocities.append(
                optimizer.add_variable(shape=shape, name=f"velocity_{level}")
            )

    def reset(self) -> None:
        """Set the moments to 0."""
        for moment in (self.momentum, self.velocity, *self.coarse_velocities):
            # Made anew each time: on JAX the step gives its buffers away.
            moment.assign(ops.zeros(moment.shape, moment.dtype))

    def restore(self, momentum: Any, velocity: Any, coarse: Sequence[Any] = ()) -> None:
        """Go on with moments of the picture's shape.

        Without those of the coarser levels they become the averages of the finest one's. They are
        larger than what they stand for (a mean of squares is never below the square of the mean),
        so that the first steps are smaller.
        """
        self.momentum.assign(ops.reshape(momentum, self.momentum.shape))
        self.velocity.assign(ops.reshape(velocity, self.velocity.shape))
        if len(coarse) == len(self.coarse_velocities):
            for second, level in zip(self.coarse_velocities, coarse, strict=True):
                second.assign(level[None])
        else:
            pooled = ops.reshape(velocity, (1, *self._size, 3))
            for second in self.coarse_velocities:
                pooled = _halved(pooled)
                second.assign(pooled)

    def step(self, optimizer: "SwitchableOptimizer", gradient: Any, learning_rate: Any) -> Any:
        """Move the moments, also while another rule is selected: they stay warm."""
        count = ops.cast(optimizer.iterations + 1, gradient.dtype)
        beta_1, beta_2, epsilon = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
        first, second = self.momentum, self.velocity
        first.assign(first + (1 - beta_1) * (gradient - first))
        second.assign(second + (1 - beta_2) * (ops.square(gradient) - second))
        correction = ops.sqrt(1 - beta_2**count) / (1 - beta_1**count)
        step = correction * first / (ops.sqrt(second) + epsilon)
        if self.coarse_velocities:
            step += self._coarse_step(optimizer, gradient, correction)
            step *= self._shrinkage(ops.mean(ops.abs(step)), count)
        return learning_rate * step

    def _shrinkage(self, mean: Any, count: Any) -> Any:
        """What to multiply step `count` by, whose mean is `mean` learning rates."""
        longest = self._LONGEST + (1 - self._LONGEST) * self._WARM**count
        resting = ops.square(ops.minimum(1.0, mean / self._DIRECTED))
        return resting * ops.minimum(1.0, longest / ops.maximum(mean, _SMALLEST))

    def _coarse_step(self, optimizer: "SwitchableOptimizer", gradient: Any, correction: Any) -> Any:
        """What the coarser levels add to a step; moves their moments."""
        shape = gradient.shape
        gradient, first = (ops.reshape(x, (1, *self._size, 3)) for x in (gradient, self.momentum))
        steps = []
        for second in self.coarse_velocities:
            gradient, first = _halved(gradient), _halved(first)
            second.assign(second + (1 - optimizer.beta_2) * (ops.square(gradient) - second))
            steps.append(correction * first / (ops.sqrt(second) + optimizer.epsilon))
        total = steps.pop()
        while steps:
            finer = steps.pop()
            total = finer + _enlarged(total, finer.shape[1:3])
        return ops.reshape(_enlarged(total, self._size), shape)


class GradientDescent(UpdateRule):
    """lr/4·√N·g/‖g‖ for N values: the root mean square of a step is a quarter of the rate.

    As long as Adam's may be once it is warm, so that one learning rate suits both.
    """

    _PART: ClassVar[float] = 1 / 4

    def step(self, optimizer: "SwitchableOptimizer", gradient: Any, learning_rate: Any) -> Any:
        """Scale the gradient, which the optimizer may have normalised already."""
        norm = 1.0 if optimizer.normalize else ops.maximum(optimizer.gradient_norm, _SMALLEST)
        root = math.sqrt(math.prod(gradient.shape))
        return learning_rate * self._PART * root / norm * gradient


# By the names of `controls.LIVE_OPTIMIZERS`, in their order.
UPDATE_RULES: dict[str, type[UpdateRule]] = {"adam": Adam, "gd": GradientDescent}


@keras.saving.register_keras_serializable("styletune")
class SwitchableOptimizer(keras.optimizers.Optimizer):
    """Feeds g / ‖g‖₂ to all update rules, and takes the step of the one that is selected.

    All are computed in one compiled step and a variable selects: another rule is an assignment
    and never a new trace. Of the one variable that it is built for.
    Differs from `global_clipnorm`: small gradients are scaled up too; one of zero stays zero.

    Args:
        normalize: whether to divide by the norm; without, `adam` is Keras' Adam to the letter.
        levels: of Adam's pyramid; 1: plain values.
        size: (height, width) of the picture that the variable is, (1, h·w·3); with `levels`.
        beta_1, beta_2, epsilon: Adam's.

    Attributes:
        gradient_norm: ‖g‖₂ of the last step, a scalar variable; not finite as soon as any
            gradient was not, so that it alone tells whether a step can be shown.
        adam: Adam's rule, whose moments are part of a painting's state.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        *,
        normalize: bool = True,
        levels: int = 1,
        size: tuple[int, int] = (0, 0),
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.normalize = normalize
        self.levels = levels
        self.size = tuple(size)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self._rules = {name: rule() for name, rule in UPDATE_RULES.items()}

    @property
    def adam(self) -> Adam:
        """The rule that is always there."""
        rule = self._rules["adam"]
        assert isinstance(rule, Adam)
        return rule

    def build(self, variables: Any) -> None:
        """Make the variables of all rules, and the scalars."""
        if self.built:
            return
        super().build(variables)
        (variable,) = variables
        for rule in self._rules.values():
            rule.build(self, variable)
        self.gradient_norm = self.add_variable(shape=(), name="gradient_norm")
        self._selected = self.add_variable(shape=(), name="selected")

    def select(self, rule: str) -> None:
        """Take the steps of that row of `UPDATE_RULES` from now on."""
        self._selected.assign(float(list(self._rules).index(rule)))

    def reset_moments(self) -> None:
        """Forget all earlier steps."""
        for rule in self._rules.values():
            rule.reset()
        self.iterations.assign(0)

    def restore_moments(
        self, momentum: Any, velocity: Any, iterations: int, coarse: Sequence[Any] = ()
    ) -> None:
        """Go on after so many steps, with Adam's moments of the picture's shape.

        Args:
            coarse: those of the coarser levels; see `Adam.restore`.
        """
        self.adam.restore(momentum, velocity, coarse)
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
        """Move the variable; called by Keras within the compiled step."""
        step, *others = (rule.step(self, gradient, learning_rate) for rule in self._rules.values())
        for index, other in enumerate(others, 1):
            step = ops.where(self._selected == index, other, step)
        variable.assign(variable - step)

    def get_config(self) -> dict[str, Any]:
        """What makes the same optimizer again."""
        names = ("normalize", "levels", "size", "beta_1", "beta_2", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


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


# Learning rates of paintings that end: large steps find the way, small ones the place.

LAST = 0.1  # part of the learning rate that is left at the end
# Keras computes a schedule in the precision of its first value; float32 would round twice.
_FIRST, _LAST = np.float64(1), np.float64(LAST)
# From the steps in all to the factor of the learning rate at each.
SCHEDULES: dict[str, Callable[[int], Callable[[int], Any]]] = {
    "constant": lambda steps: lambda step: _FIRST,
    # Half a cosine. Source: arXiv:1608.03983 eq. 5, without restarts.
    "cosine": lambda steps: keras.optimizers.schedules.CosineDecay(_FIRST, steps, _LAST),
    # The same factor at every step.
    "exponential": lambda steps: keras.optimizers.schedules.ExponentialDecay(_FIRST, steps, _LAST),
}
