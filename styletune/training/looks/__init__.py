"""Training of looks: feed-forward networks taught by the painter's own losses; on TensorFlow."""
