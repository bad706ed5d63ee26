"""One optimisation step after another: Keras' compiled training step without Keras' loop.

`fit` costs a fixed 0.4 s a call and `train_on_batch` reads its logs back to the host at every
step. Here Keras' own training step is fed inputs that already lie on the device, and nothing is
read back before somebody asks. One stepper per backend, the same few lines each.
"""

from collections.abc import Callable, Iterable
from typing import Any

import keras

from styletune.engine.model import StyleTransfer

Batch = tuple[dict[str, Any], Any]  # the model's inputs and targets
# Called after each step; True ends the run there.
OnStep = Callable[[], bool]


def never() -> bool:
    """The `OnStep` of a run that takes all of its steps."""
    return False


class TensorFlowStepper:
    """Steps a compiled model on TensorFlow; variables are always current."""

    def __init__(self, model: StyleTransfer) -> None:
        import tensorflow as tf

        # Keras' training step as Keras compiles it, but without its walk through a distribution
        # strategy, and with a handle to trace it ahead of time.
        self._function = tf.function(
            model.train_step, autograph=False, jit_compile=model.jit_compile
        )

    def prepare(self, batch: Batch) -> None:
        """Trace the step for batches like this one, without taking it; from any thread."""
        self._function.get_concrete_function(batch)

    def run(self, batches: Iterable[Batch], on_step: OnStep = never) -> int:
        """Take a step on each of `batches`; returns how many were taken."""
        taken = 0
        for batch in batches:
            self._function(batch)
            taken += 1
            if on_step():
                break
        return taken


class JaxStepper:
    """Steps a compiled model on JAX; the state returns to the variables after each run."""

    def __init__(self, model: StyleTransfer) -> None:
        self._model = model
        model.make_train_function()

    def _variables(self) -> tuple[list[Any], ...]:
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

    def prepare(self, batch: Batch) -> None:
        """Compile the step for batches like this one: take it on zeros; from any thread."""
        # Not on copies of the variables: another thread's step may just be giving them away.
        zeros: Any = tuple(
            [keras.ops.zeros(v.shape, v.dtype) for v in kind] for kind in self._variables()
        )
        self._model.train_function(zeros, iter(((*batch, None),)))

    def run(self, batches: Iterable[Batch], on_step: OnStep = never) -> int:
        """Take a step on each of `batches`; returns how many were taken."""
        model, kinds = self._model, self._variables()
        state: Any = tuple([variable.value for variable in kind] for kind in kinds)
        taken = 0
        for batch in batches:
            _, state = model.train_function(state, iter(((*batch, None),)))
            taken += 1
            if on_step():
                break
        for kind, values in zip(kinds, state, strict=True):
            for variable, value in zip(kind, values, strict=True):
                variable.assign(value)
        return taken


Stepper = TensorFlowStepper | JaxStepper


def stepper(model: StyleTransfer) -> Stepper:
    """The stepper for the backend that Keras runs on."""
    return JaxStepper(model) if keras.backend.backend() == "jax" else TensorFlowStepper(model)
