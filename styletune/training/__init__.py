"""Training of `lite`, the small network that imitates VGG-19, and of looks; on TensorFlow."""
