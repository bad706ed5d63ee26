"""The supervisor: runs the worker processes, one after the other, in the web process."""
