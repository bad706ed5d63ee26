"""Taps: values read off the features on their way through the network.

A tap hands the features on, so that in the backward pass its own part of the gradient comes after
that of all later layers. Were it a branch of its own, TensorFlow would work out the parts of all
taps as soon as the forward pass has ended, and hold them, each as large as its features, until
the backward pass comes by: half of a step's memory.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from styletune.engine.device import after


def tapped(
    features: Any,
    value: Callable[[Any], Any],
    pull: Callable[[Any, Any, Any], Any],
) -> tuple[Any, Any]:
    """Read a value off the features; nothing is kept for the gradient but the features.

    Args:
        features: (1, h, w, c).
        value: from the features to what is read off.
        pull: from the features, the gradient that later layers have with respect to them and
            that with respect to the value, to the gradient of both: of the features' shape.

    Returns:
        The features, and the value.
    """

    def tap(features: Any) -> tuple[Any, Any]:
        still = ops.stop_gradient(features)

        def gradient(*upstream: Any) -> Any:
            # TensorFlow gives them one by one, JAX as one tuple.
            later, slope = upstream if len(upstream) == 2 else upstream[0]
            return pull(still, later, after(slope, later))

        return (features, value(still)), gradient

    found, read = ops.custom_gradient(tap)(features)
    return found, read
