"""Training of `lite`, the small network that imitates VGG-19; needs Keras on TensorFlow."""
