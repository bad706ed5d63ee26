"""Keras' compiled training step without Keras' loop, for each backend and each depth.

`fit` costs a fixed 0.4 s a call and `train_on_batch` reads its logs back to the host at every
step. Here inputs lie on the device already, and nothing is read back unless it is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from styletune.engine.model import Batch, StyleTransfer

# Called after each launch with the steps that it took; True ends the run there.
StepCallback = Callable[[int], bool]


def no_callback(_: int) -> bool:
    """The `StepCallback` of a run that takes all of its steps."""
    return False


def _launch_in_chunks(
    launch: Callable[[int], None], chunk: int, steps: int, on_launch: StepCallback
) -> int:
    """Take so many steps, at most `chunk` in one launch; returns how many were taken."""
    taken = 0
    while taken < steps:
        count = min(chunk, steps - taken)
        launch(count)
        taken += count
        if on_launch(count):
            break
    return taken


class TensorFlowStepper:
    """Steps a compiled model on TensorFlow; variables are always current."""

    def __init__(self, model: StyleTransfer, chunk: int) -> None:
        import tensorflow as tf

        # Keras' training step as Keras compiles it, but without its walk through a distribution
        # strategy, and with a handle to trace it ahead of time.
        self._step = tf.function(model.train_step, autograph=False, jit_compile=model.jit_compile)
        self._chunk = chunk

        def several(batch: Batch, count: Any) -> None:
            def body(step: Any) -> tuple[Any]:
                self._step(batch)
                return (step + 1,)

            tf.while_loop(lambda step: step < count, body, (0,), parallel_iterations=1)

        self._steps = tf.function(several, autograph=False)
        self._count = tf.convert_to_tensor

    def trace(self, batch: Batch) -> None:
        """Trace the step for batches like this one, without taking it; from any thread."""
        self._step.get_concrete_function(batch)
        if self._chunk > 1:
            self._steps.get_concrete_function(batch, self._count(self._chunk))

    def run(self, batch: Batch, steps: int, on_launch: StepCallback = no_callback) -> int:
        """Take up to `steps` steps with these inputs; returns how many were taken."""

        def launch(count: int) -> None:
            if count == 1:
                self._step(batch)
            else:
                self._steps(batch, self._count(count))

        return _launch_in_chunks(launch, self._chunk, steps, on_launch)


class JaxStepper:
    """Steps a compiled model on JAX; the state returns to the variables after each run."""

    def __init__(self, model: StyleTransfer, chunk: int) -> None:
        import jax

        self._model = model
        self._chunk = chunk
        model.make_train_function()

        def several(state: Any, batch: Batch, count: Any) -> Any:
            def body(_: Any, state: Any) -> Any:
                return model.train_step(state, (*batch, None))[1]

            return jax.lax.fori_loop(0, count, body, state)

        self._steps = jax.jit(several, donate_argnums=0)

    def _variables(self) -> tuple[list[Any], ...]:
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

    def trace(self, batch: Batch) -> None:
        """Compile the step for batches like this one: take it on zeros; from any thread."""
        for count in {1, self._chunk}:
            # Not on copies of the variables: another thread's step may just be giving them away.
            zeros: Any = tuple(
                [keras.ops.zeros(v.shape, v.dtype) for v in kind] for kind in self._variables()
            )
            self._launch(zeros, batch, count)

    def run(self, batch: Batch, steps: int, on_launch: StepCallback = no_callback) -> int:
        """Take up to `steps` steps with these inputs; returns how many were taken."""
        kinds = self._variables()
        state: Any = tuple([variable.value for variable in kind] for kind in kinds)

        def launch(count: int) -> None:
            nonlocal state
            state = self._launch(state, batch, count)

        taken = _launch_in_chunks(launch, self._chunk, steps, on_launch)
        for kind, values in zip(kinds, state, strict=True):
            for variable, value in zip(kind, values, strict=True):
                variable.assign(value)
        return taken

    def _launch(self, state: Any, batch: Batch, count: int) -> Any:
        if count > 1:
            return self._steps(state, batch, count)
        return self._model.train_function(state, iter(((*batch, None),)))[1]


Stepper = TensorFlowStepper | JaxStepper


def make_train_step(model: StyleTransfer, chunk: int = 1) -> Stepper:
    """The stepper for the backend that Keras runs on.

    Args:
        chunk: steps in one launch, in a loop on the device without Python between them: slower
            on a CPU, by a few per cent of a step.
    """
    kind = JaxStepper if keras.backend.backend() == "jax" else TensorFlowStepper
    return kind(model, chunk)


class DepthSteps:
    """The steps of a painting, by how many of the selected layers they compute.

    No step computes deeper layers than the deepest term that counts. The whole network's step is
    there from the start; that of a shallow part, over the same picture, moments and targets, is
    built when its depth is first needed, and painting does not wait for it.

    Args:
        model: the whole, compiled.
        depths: that a step may have; the last is the whole.
        build: the compiled model of another depth.
        steps_per_execution: in one launch, at most.
    """

    def __init__(
        self,
        model: StyleTransfer,
        depths: Sequence[int],
        build: Callable[[int], StyleTransfer],
        steps_per_execution: int = 1,
    ) -> None:
        self._depths = tuple(depths)
        self._full = self._depths[-1]
        self._build = build
        self._chunk = steps_per_execution
        self._models = [model]
        # Replaced as a whole: another thread may add a depth between two steps.
        self._steppers: Mapping[int, Stepper] = {self._full: make_train_step(model, self._chunk)}
        self._requested = {self._full}

    @property
    def traces(self) -> int:
        """How often any of the steps was traced."""
        return sum(model.traces for model in self._models)

    @property
    def ready(self) -> frozenset[int]:
        """The depths whose steps are compiled, or are compiled when first used: the whole."""
        return frozenset(self._steppers)

    def required_depth(self, *weights: npt.NDArray[np.floating]) -> int:
        """The least depth whose step computes all terms that count.

        Args:
            weights: (n,) of each layer term; 0 where it does not count.
        """
        counting = np.flatnonzero(np.any(weights, axis=0))
        deepest = int(counting[-1]) + 1 if counting.size else 1
        return min(depth for depth in self._depths if depth >= deepest)

    def request(self, depth: int) -> bool:
        """Whether the step of that depth is still to be traced; True once for each."""
        if depth in self._requested:
            return False
        self._requested.add(depth)
        return True

    def trace(self, depth: int, batch: Batch) -> None:
        """Build and trace the step of that depth; may run beside `run`."""
        if depth in self._steppers:
            return
        model = self._build(depth)
        self._models.append(model)
        step = make_train_step(model, self._chunk)
        step.trace(batch)
        self._steppers = {**self._steppers, depth: step}

    def run(
        self, depth: int, batch: Batch, steps: int = 1, on_launch: StepCallback = no_callback
    ) -> int:
        """Take up to `steps` steps, as shallow as is prepared; returns how many."""
        steppers = self._steppers
        ready = min(other for other in steppers if other >= depth)
        return steppers[ready].run(batch, steps, on_launch)

    def run_full(self, batch: Batch, steps: int = 1, on_launch: StepCallback = no_callback) -> int:
        """The same, with all layers: their raw losses are those of the last step."""
        return self._steppers[self._full].run(batch, steps, on_launch)
