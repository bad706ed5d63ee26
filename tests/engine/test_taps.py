"""Taps: what is read off the features on their way, and when its gradient is worked out."""

from typing import Any

import keras
import numpy as np
import pytest

from styletune.engine.losses import tap_features
from tests.support.small_painter import small_painter

ON_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the order is TensorFlow's own matter"
)


def squares(features: Any) -> tuple[Any, Any]:
    """The features, and the sum of their squares."""
    return tap_features(
        features,
        lambda still: keras.ops.sum(still * still),
        lambda still, later, slope: later + 2 * slope * still,
    )


def test_a_tap_hands_the_features_on_and_reads_a_value_off() -> None:
    features = np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3)
    found, value = squares(keras.ops.convert_to_tensor(features))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), features)
    assert float(value) == 55


@ON_TENSORFLOW
def test_a_taps_part_of_the_gradient_waits_for_that_of_later_layers() -> None:
    """Else it would be held from the end of the forward pass on, as large as the features."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, 4, 4, 2))])
    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            found, value = squares(tf.identity(x))
            loss = value + tf.reduce_sum(tf.sin(found))
        return tape.gradient(loss, x)

    operations = gradient.get_concrete_function().graph.get_operations()
    waiting = [each for each in operations if each.type == "Identity" and each.control_inputs]
    assert len(waiting) == 1
    (later,) = waiting[0].control_inputs
    assert "Cos" in {each.op.type for each in later.inputs}
    x = np.full((1, 4, 4, 2), 0.5, np.float32)
    np.testing.assert_allclose(gradient(x), 1 + np.cos(x), rtol=1e-6)


@ON_TENSORFLOW
def test_a_step_holds_no_constant_as_large_as_a_layers_features() -> None:
    """The gradient of a branch of its own would bring zeros of that size for when it is off."""
    painter = small_painter()
    for depth in (1, 2, 3):
        painter.trace(depth)
    for stepper in painter.solver.depths._steppers.values():
        whole = stepper._step.get_concrete_function(painter.inputs.batch).graph
        for graph in (whole, *(f.graph for f in whole._functions.values() if hasattr(f, "graph"))):
            given = {id(output) for output in graph.outputs}
            for each in graph.get_operations():
                used = any(t.consumers() or id(t) in given for t in each.outputs)
                if used and each.type in ("Const", "Fill", "ZerosLike", "FakeParam"):
                    shape = each.outputs[0].shape
                    assert shape.rank != 4 or shape[1] < 8, each.name
