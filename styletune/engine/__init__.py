"""The engine: paints with Keras on TensorFlow or JAX. `Painter` is live, `OfflinePainter` ends."""
