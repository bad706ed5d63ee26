"""What styletune costs and brings, measured; see README.md."""

import os

# TensorFlow's start-up messages would stand between the lines of progress.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
