"""The painting process: its start, its loop, pacing, runs and checkpoints."""
