"""What was played, as files: a take can be painted again, at any size."""
