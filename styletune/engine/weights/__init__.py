"""Weights of the feature networks: from a file of the user's, the package, or Keras' cache."""

from styletune.engine.weights.arrays import MEANS_RGB, Array, Weights, random_filters
from styletune.engine.weights.sources import PACKAGED, cached, describe, load, read

__all__ = [
    "MEANS_RGB",
    "PACKAGED",
    "Array",
    "Weights",
    "cached",
    "describe",
    "load",
    "random_filters",
    "read",
]
